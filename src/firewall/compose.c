/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words rulesets are written in. */
#include "compose.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rule_match *rule_match(struct ruleset_rule *rule, enum match_kind kind)
{
	struct rule_match *match;

	if (rule == NULL)
		return NULL;
	assert(rule->match_count < RULE_MATCHES_MAX);
	match = &rule->matches[rule->match_count++];
	match->kind = kind;
	return match;
}

static void match_device(struct rule_match *match, const char *device, bool inverted)
{
	if (match == NULL)
		return;
	snprintf(match->device, sizeof(match->device), "%s", device);
	match->inverted = inverted;
}

void rule_device_in(struct ruleset_rule *rule, const char *device, bool inverted)
{
	match_device(rule_match(rule, MATCH_DEVICE_IN), device, inverted);
}

void rule_device_out(struct ruleset_rule *rule, const char *device, bool inverted)
{
	match_device(rule_match(rule, MATCH_DEVICE_OUT), device, inverted);
}

void rule_when(struct ruleset_rule *rule, enum match_kind kind, uint32_t number)
{
	struct rule_match *match = rule_match(rule, kind);

	if (match != NULL)
		match->number = number;
}

bool address_is_wildcard(const struct address *address)
{
	static const uint8_t zeros[16];

	return memcmp(address->bytes, zeros, address_len(address)) == 0;
}

bool address_is_loopback(const struct address *address)
{
	if (address->family == AF_INET)
		return address->bytes[0] == 127;
	return address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&address->v6);
}

void rule_address(struct ruleset_rule *rule, enum match_kind kind, const struct address *address)
{
	struct rule_match *match;

	if (address_is_wildcard(address))
		return;
	match = rule_match(rule, kind);
	if (match == NULL)
		return;
	match->address.family = address->family;
	memcpy(match->address.bytes, address->bytes, address_len(address));
}

void rule_set(struct ruleset_rule *rule, enum match_kind kind, const struct ruleset_set *set)
{
	struct rule_match *match = rule_match(rule, kind);

	if (match == NULL)
		return;
	match->address.family = set->family;
	snprintf(match->set, sizeof(match->set), "%s", set->name);
}

void rule_ports(struct ruleset_rule *rule, enum match_kind kind, uint32_t protocol, uint16_t low,
		uint16_t high)
{
	struct rule_match *match = rule_match(rule, kind);

	if (match == NULL)
		return;
	match->number = protocol;
	match->low = low;
	match->high = high;
}

void rule_end(struct ruleset_rule *rule, const char *counter, enum rule_verdict verdict,
	      const char *target)
{
	if (rule == NULL)
		return;
	if (counter != NULL)
		snprintf(rule->counter, sizeof(rule->counter), "%s", counter);
	if (target != NULL)
		snprintf(rule->target, sizeof(rule->target), "%s", target);
	rule->verdict = verdict;
}

void chain_refuse(struct ruleset *ruleset, const char *counter)
{
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	rule_when(rule, MATCH_PROTOCOL, IPPROTO_TCP);
	rule_end(rule, counter, VERDICT_RESET, NULL);
	rule_end(ruleset_add_rule(ruleset), counter, VERDICT_REJECT, NULL);
}

void policy_udp_ports(const struct firewall_policy *policy, uint16_t *low, uint16_t *high)
{
	bool given = policy->udp_port_low != 0;

	*low = given ? policy->udp_port_low : PORTS_ANY_LOW;
	*high = given ? policy->udp_port_high : PORTS_ANY_HIGH;
}

static bool set_is_same(const struct ruleset_set *a, const struct ruleset_set *b)
{
	return a->family == b->family && a->range_count == b->range_count &&
	       memcmp(a->ranges, b->ranges, a->range_count * sizeof(*a->ranges)) == 0;
}

const struct ruleset_set *compose_set(struct ruleset *ruleset, const char *name, sa_family_t family,
				      const struct prefix *prefixes, size_t count)
{
	struct ruleset_set *set = ruleset_add_set(ruleset, name, family);

	if (set == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		ruleset_set_add(ruleset, set, &prefixes[i]);
	ruleset_set_order(set);
	for (size_t i = 0; i + 1 < ruleset->set_count; i++) {
		if (set->range_count == 0 || !set_is_same(&ruleset->sets[i], set))
			continue;
		ruleset_drop_last_set(ruleset);
		return &ruleset->sets[i];
	}
	if (set->range_count > 0)
		return set;
	ruleset_drop_last_set(ruleset);
	return NULL;
}
