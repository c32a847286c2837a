/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The witness: what really leaves, counted behind everybody's last word. Whose a packet is and
 * whether it may leave is told at late postrouting, where its flow is known, and written into the
 * upper byte of its mark; nobody asks for that one after routing. What is counted stands apart
 * from the rules that forbid, so that it sees them fail.
 */
#include "gateway.h"

enum {
	/* Of Gluetun's WireGuard, as of wg-quick's. */
	WIREGUARD_MARK = 51820,
};

static void counters_add(struct ruleset *ruleset)
{
	static const char *const counters[] = {FIREWALL_LEAKED, FIREWALL_EXPECTED, FIREWALL_CARRIER,
					       FIREWALL_OTHERS};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		ruleset_add_counter(ruleset, counters[i]);
}

static void count_mark(struct ruleset *ruleset, uint32_t mark, uint32_t mask, const char *counter)
{
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	rule_mark(rule, mark, mask);
	rule_end(rule, counter, VERDICT_ACCEPT, NULL);
}

static void chain_count(struct ruleset *ruleset, const struct firewall_policy *policy)
{
	struct ruleset_rule *rule;

	count_mark(ruleset, STAMP_EXPECTED, RULE_MARK_MASK, FIREWALL_EXPECTED);
	count_mark(ruleset, STAMP_LEAKED, RULE_MARK_MASK, FIREWALL_LEAKED);
	/* A raw frame, should that user ever be able to send one. */
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_UID, policy->uid);
	rule_end(rule, FIREWALL_LEAKED, VERDICT_ACCEPT, NULL);
	chain_accept_link(ruleset);
	count_mark(ruleset, WIREGUARD_MARK, UINT32_MAX, FIREWALL_CARRIER);
	chain_accept_endpoints(ruleset, policy, FIREWALL_CARRIER);
	rule_end(ruleset_add_rule(ruleset), FIREWALL_OTHERS, VERDICT_ACCEPT, NULL);
}

/* A chain at postrouting that looks at the links alone. */
static void chain_postrouting(struct ruleset *ruleset, const struct firewall_policy *policy,
			      const char *name, int32_t priority)
{
	struct ruleset_rule *rule;

	ruleset_add_chain(ruleset, name, HOOK_POSTROUTING, priority, false);
	rule = ruleset_add_rule(ruleset);
	rule_device_out(rule, "lo", false);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	for (size_t i = 0; i < policy->device_count; i++) {
		rule = ruleset_add_rule(ruleset);
		rule_device_out(rule, policy->devices[i], false);
		rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	}
}

static void rule_stamp_leaked(struct ruleset *ruleset)
{
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	if (rule != NULL)
		rule->stamp = STAMP_LEAKED;
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
}

static void chains_stamp(struct gateway *gateway)
{
	const struct firewall_policy *policy = gateway->policy;
	struct ruleset *ruleset = gateway->ruleset;
	struct ruleset_rule *rule;

	if (policy->direct) {
		gateway->refuse = "leaked";
		ruleset_add_chain(ruleset, gateway->refuse, HOOK_NONE, 0, false);
		rule_stamp_leaked(ruleset);
	}
	ruleset_add_chain(ruleset, "ours", HOOK_NONE, 0, false);
	own_ways(gateway);
	rule_stamp_leaked(ruleset);
	/* By itself, so that a flow is ours whatever becomes of the other table. */
	ruleset_add_chain(ruleset, "tag", HOOK_OUTPUT, PRIORITY_TAG, false);
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_UID, policy->uid);
	if (rule != NULL)
		rule->marks = true;
	chain_postrouting(ruleset, policy, "stamp", PRIORITY_LAST - 1);
	/* The kernel's own answer to the last packet of a flow that is known no more. */
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_INVALID, 0);
	rule_end(rule, NULL, VERDICT_GOTO, "ours");
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_MARKED, 0);
	rule_end(rule, NULL, VERDICT_GOTO, "ours");
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_UID, policy->uid);
	rule_end(rule, NULL, VERDICT_GOTO, "ours");
}

int derive_witness(const struct firewall_policy *policy, const char *table, struct ruleset *ruleset,
		   const char **problem)
{
	struct gateway gateway = {.policy = policy, .ruleset = ruleset, .stamps = true};

	if (gateway_begin(&gateway, RULESET_INET, table, problem) < 0)
		return -1;
	chains_stamp(&gateway);
	if (policy->links == NULL || policy->links->count == 0) {
		counters_add(ruleset);
		chain_postrouting(ruleset, policy, "count", PRIORITY_LAST);
		chain_count(ruleset, policy);
	}
	return ruleset_finish(ruleset);
}

int derive_witness_frames(const struct firewall_policy *policy, const char *table,
			  struct ruleset *ruleset, const char **problem)
{
	ruleset_init(ruleset, RULESET_NETDEV, table);
	*problem = "out of memory";
	counters_add(ruleset);
	ruleset_add_chain(ruleset, "count", HOOK_EGRESS, PRIORITY_LAST, false);
	links_add(ruleset, policy->links);
	chain_count(ruleset, policy);
	return ruleset_finish(ruleset);
}
