/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a config needs of the network, as the packet rules want to know it. */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include "base/compiler.h"
#include "firewall/derive.h"

struct config;
struct config_rules;

/* What the policy file does not say. */
struct config_rules_options {
	uint32_t uid;                       /* of the proxy */
	const char *bridge;                 /* borrowed, as are the next */
	const struct firewall_links *links; /* firewall_read_links fills it by the policy */
	const struct prefix *apps;
	size_t app_count; /* networks of apps beyond the clients' addresses */
};

/* The config must outlive it. NULL: *problem says why there can be no rules for it (static, or the
 * config's). */
MUST_CHECK struct config_rules *config_rules_new(const struct config *config,
						 const struct config_rules_options *options,
						 const char **problem);
const struct firewall_policy *config_rules_policy(const struct config_rules *rules);
void config_rules_free(struct config_rules *rules);

/* Where an upstream proxy is. AF_UNSPEC: it is given by a name, and only the port is known. */
struct address config_upstream_endpoint(const char *url);

#endif
