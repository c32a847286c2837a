/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gateway's rules of a policy, for "rules" and for who looks at them. */
#ifndef EGRESSCTL_RULES_H
#define EGRESSCTL_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "firewall/derive.h"

/* compose.yaml's name of the bridge of the apps' network. */
#define RULES_BRIDGE "egress-apps"

struct config;
struct config_rules_options;
struct invocation;
struct prefix;

/* As the command line has them; NULL: not given. */
struct rules_options {
	const char *uid, *bridge, *apps;
	bool strict;
};

/* Fills options, which borrow from *given and *apps. *apps is NULL at first, and the caller's to
 * free in any case. An exit code, EXIT_YES when it is filled; otherwise it has been said. */
MUST_CHECK int rules_options_parse(const struct invocation *invocation,
				   const struct rules_options *given,
				   struct config_rules_options *options, struct prefix **apps);

/* The rules that egressd keeps for the policy, a hub's too; wanted is the caller's to clear in any
 * case. An exit code, EXIT_YES when it is filled; otherwise it has been said. */
MUST_CHECK int rules_of_gateway(const struct invocation *invocation,
				const struct rules_options *options, struct config *config,
				struct firewall_rules *wanted, enum firewall_kind *kind,
				uint32_t *uid);

#endif
