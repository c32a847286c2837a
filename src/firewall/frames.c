/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strict, where raw frames pass too: a program with NET_RAW writes them past every chain of family
 * inet. There are no flows here, and a mark is whatever its sender says: addresses and ports
 * decide.
 */
#include "gateway.h"

/*
 * Everybody on this very link, and no further: no router passes these on (RFC 5771 section 4,
 * RFC 4291 section 2.7). By them leak-test shows that what left would be seen.
 */
static void frames_to_link(struct ruleset *ruleset)
{
	static const struct address everybody[] = {
		{.family = AF_INET, .bytes = {224, 0, 0, 1}},
		{.family = AF_INET6, .bytes = {0xff, 0x02, [15] = 1}}};

	for (size_t i = 0; i < ARRAY_LEN(everybody); i++) {
		struct ruleset_rule *rule = ruleset_add_rule(ruleset);

		rule_address(rule, MATCH_DESTINATION, &everybody[i]);
		rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	}
}

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
	frames_to_link(ruleset);
	chain_accept_endpoints(ruleset, policy, "ok_endpoint");
	own_ways(&gateway);
	chain_add_parties(ruleset, &gateway.apps, MATCH_DESTINATION, "ok_client", VERDICT_ACCEPT,
			  NULL);
	rule_end(ruleset_add_rule(ruleset), "blk_frame", VERDICT_DROP, NULL);
	return ruleset_finish(ruleset);
}
