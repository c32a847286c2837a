/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strict, where raw frames pass too: a program with NET_RAW writes them past every chain of family
 * inet. There are no flows here, and a mark is whatever its sender says: addresses and ports
 * decide.
 */
#include "gateway.h"

int derive_strict_frames(const struct firewall_policy *policy, const char *table,
			 struct ruleset *ruleset, const char **problem)
{
	static const char *const counters[] = {"ok_client", "ok_forward", "ok_target",
					       "ok_endpoint", "blk_frame"};
	struct gateway gateway = {
		.policy = policy, .ruleset = ruleset, .strict = true, .frames = true};

	if (gateway_begin(&gateway, RULESET_NETDEV, table, problem) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		ruleset_add_counter(ruleset, counters[i]);
	ruleset_add_chain(ruleset, "frames", HOOK_EGRESS, 0, true);
	links_add(ruleset, policy->links);
	chain_accept_link(ruleset);
	chain_accept_endpoints(ruleset, policy, "ok_endpoint");
	own_ways(&gateway);
	chain_add_parties(ruleset, &gateway.apps, MATCH_DESTINATION, "ok_client", VERDICT_ACCEPT,
			  NULL);
	rule_end(ruleset_add_rule(ruleset), "blk_frame", VERDICT_DROP, NULL);
	return ruleset_finish(ruleset);
}
