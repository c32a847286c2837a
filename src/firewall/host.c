/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules on the Docker host: what comes from the apps' bridge stays on it. */
#include <errno.h>

#include "gateway.h"

int derive_host(const struct firewall_policy *policy, const char *table, struct ruleset *ruleset,
		const char **problem)
{
	struct ruleset_rule *rule;

	ruleset_init(ruleset, RULESET_INET, table);
	*problem = "out of memory";
	ruleset_add_counter(ruleset, "blk_forward");
	ruleset_add_counter(ruleset, "blk_host");
	ruleset_add_chain(ruleset, "refused", HOOK_NONE, 0, false);
	chain_refuse(ruleset, "blk_forward");
	/* Where bridged frames pass here (br_netfilter), those between neighbours are let by. */
	ruleset_add_chain(ruleset, "forward", HOOK_FORWARD, PRIORITY_FILTER, false);
	rule = ruleset_add_rule(ruleset);
	rule_device_in(rule, policy->bridge, false);
	rule_device_out(rule, policy->bridge, true);
	rule_end(rule, NULL, VERDICT_GOTO, "refused");
	rule = ruleset_add_rule(ruleset);
	rule_device_in(rule, policy->bridge, true);
	rule_device_out(rule, policy->bridge, false);
	rule_end(rule, NULL, VERDICT_GOTO, "refused");
	ruleset_add_chain(ruleset, "input", HOOK_INPUT, PRIORITY_FILTER, false);
	rule = ruleset_add_rule(ruleset);
	rule_device_in(rule, policy->bridge, false);
	rule_ports(rule, MATCH_ICMPV6_TYPE, IPPROTO_ICMPV6, 135, 136);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	rule = ruleset_add_rule(ruleset);
	rule_device_in(rule, policy->bridge, false);
	rule_when(rule, MATCH_PROTOCOL, IPPROTO_TCP);
	rule_end(rule, "blk_host", VERDICT_RESET, NULL);
	rule = ruleset_add_rule(ruleset);
	rule_device_in(rule, policy->bridge, false);
	rule_end(rule, "blk_host", VERDICT_REJECT, NULL);
	return ruleset_finish(ruleset);
}
