/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gateway's rules of a policy, for "rules" and for who looks at them. */
#ifndef EGRESSCTL_RULES_H
#define EGRESSCTL_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct config;
struct firewall_rules;
struct invocation;

/* As the command line has them; NULL: not given. */
struct rules_options {
	const char *uid, *bridge, *apps;
	bool strict;
};

/* The gateway's rules for the policy; wanted is the caller's to clear in any case. An exit code,
 * EXIT_YES when it is filled; otherwise it has been said. */
MUST_CHECK int rules_of_gateway(const struct invocation *invocation,
				const struct rules_options *options, struct config *config,
				struct firewall_rules *wanted, uint32_t *uid);

#endif
