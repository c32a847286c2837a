/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is odd about the rules: one that never has a turn, one that no name can match. */
#include "policy/builder.h"
#include "policy/domains.h"
#include "policy/prefixes.h"
#include "policy/rule.h"

enum {
	/* Name by name a set is compared up to this size; the same set is seen at any size. */
	REVIEW_NAMES_MAX = 10000,
};

/* What the wide side stands for, while the entries of the narrow one are looked up in it. */
struct review {
	const struct policy *policy;
	const struct rule_side *wide;
};

static bool review_name_covered(void *arg, const char *name, size_t len, bool below)
{
	const struct review *review = arg;
	const struct rule_side *wide = review->wide;

	if (wide->own.domains != NULL && domains_cover(wide->own.domains, name, len, below))
		return true;
	for (size_t i = 0; i < wide->set_count; i++) {
		const struct policy_set *set = &review->policy->sets[wide->sets[i]];

		if (set->domains != NULL && domains_cover(set->domains, name, len, below))
			return true;
	}
	return false;
}

static bool review_prefixes_covered(const struct review *review, const struct prefixes *prefixes)
{
	const struct rule_side *wide = review->wide;

	if (wide->literal)
		return true;
	if (wide->own.prefixes != NULL && prefixes_cover_all(wide->own.prefixes, prefixes))
		return true;
	for (size_t i = 0; i < wide->set_count; i++) {
		const struct policy_set *set = &review->policy->sets[wide->sets[i]];

		if (set->prefixes != NULL && prefixes_cover_all(set->prefixes, prefixes))
			return true;
	}
	return false;
}

static bool review_special_covered(const struct review *review)
{
	const struct rule_side *wide = review->wide;

	if (wide->literal || wide->own.special)
		return true;
	for (size_t i = 0; i < wide->set_count; i++) {
		if (review->policy->sets[wide->sets[i]].special)
			return true;
	}
	return false;
}

static bool review_set_covered(struct review *review, const struct policy_set *set)
{
	if (set->special && !review_special_covered(review))
		return false;
	if (set->prefixes != NULL && !review_prefixes_covered(review, set->prefixes))
		return false;
	if (set->domains == NULL)
		return true;
	return domains_count(set->domains) <= REVIEW_NAMES_MAX &&
	       domains_every(set->domains, review_name_covered, review);
}

static bool review_has_set(const struct rule_side *side, int set)
{
	for (size_t i = 0; i < side->set_count; i++) {
		if (side->sets[i] == set)
			return true;
	}
	return false;
}

/* Does wide match every destination that narrow matches? */
static bool review_to_covered(const struct policy *policy, const struct rule *wide,
			      const struct rule *narrow)
{
	struct review review = {policy, &wide->to};

	if (wide->except.given)
		return false;
	if (!wide->to.given || wide->to.any)
		return true;
	if (!narrow->to.given || narrow->to.any || (narrow->to.literal && !wide->to.literal))
		return false;
	if (!review_set_covered(&review, &narrow->to.own))
		return false;
	for (size_t i = 0; i < narrow->to.set_count; i++) {
		int set = narrow->to.sets[i];

		if (!review_has_set(&wide->to, set) &&
		    !review_set_covered(&review, &policy->sets[set]))
			return false;
	}
	return true;
}

static bool review_ports_covered(const struct rule *wide, const struct rule *narrow)
{
	if (wide->port_count == 0)
		return true;
	for (size_t i = 0; i < narrow->port_count; i++) {
		bool covered = false;

		for (size_t j = 0; j < wide->port_count && !covered; j++)
			covered = wide->ports[j].low <= narrow->ports[i].low &&
				  narrow->ports[i].high <= wide->ports[j].high;
		if (!covered)
			return false;
	}
	return narrow->port_count > 0;
}

static bool review_clients_covered(const struct policy *policy, const struct rule *wide,
				   const struct rule *narrow)
{
	for (int client = POLICY_CLIENT_UNKNOWN; client < (int)policy->client_count; client++) {
		if (rule_takes_client(policy, narrow, client) &&
		    !rule_takes_client(policy, wide, client))
			return false;
	}
	return true;
}

int policy_rule_shadow(const struct policy *policy, size_t rule)
{
	const struct rule *narrow = &policy->rules[rule];

	for (size_t i = 0; i < rule; i++) {
		const struct rule *wide = &policy->rules[i];

		if ((narrow->transports & ~wide->transports) == 0 &&
		    review_ports_covered(wide, narrow) &&
		    review_clients_covered(policy, wide, narrow) &&
		    review_to_covered(policy, wide, narrow))
			return (int)i;
	}
	return -1;
}

bool policy_rule_skips_names(const struct policy *policy, size_t index)
{
	const struct rule *rule = &policy->rules[index];
	const struct rule_side *except = &rule->except;
	bool addresses = except->own.prefixes != NULL, special = except->own.special;

	if (rule->egress == POLICY_EGRESS_NONE)
		return false;
	for (size_t i = 0; i < except->set_count; i++) {
		addresses = addresses || policy->sets[except->sets[i]].prefixes != NULL;
		special = special || policy->sets[except->sets[i]].special;
	}
	return addresses || (special && !policy->egresses[rule->egress].guarded);
}

const struct rule_source *policy_rule_source(const struct policy *policy, size_t rule)
{
	return &policy->rules[rule].source;
}

bool policy_admits_unknown(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (rule->egress != POLICY_EGRESS_NONE &&
		    rule_takes_client(policy, rule, POLICY_CLIENT_UNKNOWN))
			return true;
	}
	return policy->has_fallback && policy->fallback.egress != POLICY_EGRESS_NONE;
}
