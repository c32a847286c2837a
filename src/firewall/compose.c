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
	struct party party = {0};

	if (address_is_wildcard(address))
		return;
	party.prefix.address.family = address->family;
	memcpy(party.prefix.address.bytes, address->bytes, address_len(address));
	party.prefix.bits = (uint8_t)(address_len(address) * 8);
	rule_party(rule, kind, &party);
}

bool party_is_anyone(const struct party *party)
{
	return party->prefix.address.family == AF_UNSPEC;
}

void rule_party(struct ruleset_rule *rule, enum match_kind kind, const struct party *party)
{
	struct rule_match *match = party_is_anyone(party) ? NULL : rule_match(rule, kind);

	if (match == NULL)
		return;
	match->prefix = party->prefix;
	memcpy(match->set, party->set, sizeof(match->set));
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

void rule_mark(struct ruleset_rule *rule, uint32_t number, uint32_t mask)
{
	struct rule_match *match = rule_match(rule, MATCH_MARK);

	if (match == NULL)
		return;
	match->number = number;
	match->mask = mask;
}

static void link_accept(struct ruleset *ruleset, const struct address *destination, uint16_t port)
{
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	rule_address(rule, MATCH_DESTINATION, destination);
	rule_ports(rule, MATCH_DESTINATION_PORT, IPPROTO_UDP, port, port);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
}

void chain_accept_link(struct ruleset *ruleset)
{
	/* Of a DHCP client: to everybody on the link, and no further. */
	static const struct address everybody = {.family = AF_INET, .bytes = {255, 255, 255, 255}};
	static const struct address servers = {.family = AF_INET6,
					       .bytes = {0xff, 0x02, [13] = 1, [15] = 2}};
	/* Multicast listeners (RFC 2710), neighbours and routers (RFC 4861); RFC 3810. */
	static const uint16_t types[][2] = {{130, 136}, {143, 143}};
	struct ruleset_rule *rule;

	if (ruleset->family == RULESET_NETDEV) {
		rule = ruleset_add_rule(ruleset);
		rule_when(rule, MATCH_ARP, 0);
		rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		rule = ruleset_add_rule(ruleset);
		rule_ports(rule, MATCH_ICMPV6_TYPE, IPPROTO_ICMPV6, types[i][0], types[i][1]);
		rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	}
	link_accept(ruleset, &everybody, 67);
	link_accept(ruleset, &servers, 547);
}

void chain_accept_endpoints(struct ruleset *ruleset, const struct firewall_policy *policy,
			    const char *counter)
{
	for (size_t i = 0; i < policy->endpoint_count; i++) {
		const struct firewall_endpoint *endpoint = &policy->endpoints[i];
		struct ruleset_rule *rule = ruleset_add_rule(ruleset);

		if (endpoint->mark != 0)
			rule_mark(rule, endpoint->mark, UINT32_MAX);
		rule_address(rule, MATCH_DESTINATION, &endpoint->address);
		rule_ports(rule, MATCH_DESTINATION_PORT,
			   endpoint->over_tcp ? IPPROTO_TCP : IPPROTO_UDP, endpoint->address.port,
			   endpoint->address.port);
		rule_end(rule, counter, VERDICT_ACCEPT, NULL);
	}
}

void links_add(struct ruleset *ruleset, const struct firewall_links *links)
{
	for (size_t i = 0; links != NULL && i < links->count; i++)
		ruleset_add_device(ruleset, links->names[i]);
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
	return a->family == b->family && a->count == b->count &&
	       memcmp(a->addresses, b->addresses, a->count * sizeof(*a->addresses)) == 0;
}

/* The set added last, or one before it that has the same. */
static const char *set_share(struct ruleset *ruleset)
{
	const struct ruleset_set *last = &ruleset->sets[ruleset->set_count - 1];
	const struct ruleset_set *set = ruleset->sets;

	while (set != last && !set_is_same(set, last))
		set++;
	if (set != last)
		ruleset_drop_last_set(ruleset);
	return set->name;
}

static bool prefix_is_covered(const struct prefix *prefix, const struct prefix *prefixes,
			      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (prefixes[i].bits < prefix->bits &&
		    prefix_contains(&prefixes[i], &prefix->address))
			return true;
	}
	return false;
}

/* Completes a party that has a family and a length; false when there is nobody in it. */
static bool party_find(struct ruleset *ruleset, const char *name, const struct prefix *prefixes,
		       size_t count, struct party *party)
{
	struct prefix *of = &party->prefix;
	struct ruleset_set *set = ruleset_add_set(ruleset, name, of->address.family);
	bool found;

	if (set == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (prefixes[i].address.family == set->family && prefixes[i].bits == of->bits &&
		    !prefix_is_covered(&prefixes[i], prefixes, count))
			ruleset_set_add(ruleset, set, prefixes[i].address.bytes);
	}
	ruleset_set_order(set);
	found = set->count > 0;
	if (set->count > 1) {
		snprintf(party->set, sizeof(party->set), "%s", set_share(ruleset));
		return true;
	}
	if (found)
		memcpy(of->address.bytes, set->addresses, RULESET_ADDRESS_SIZE);
	ruleset_drop_last_set(ruleset);
	return found;
}

void parties_add(struct parties *parties, const struct party *party)
{
	assert(parties->count < PARTIES_MAX);
	parties->items[parties->count++] = *party;
}

void parties_compose(struct parties *parties, struct ruleset *ruleset, const char *name,
		     sa_family_t family, const struct prefix *prefixes, size_t count)
{
	unsigned whole = family == AF_INET ? 32 : 128;

	for (unsigned bits = whole + 1; bits-- > 0;) {
		struct party party = {.prefix = {.address.family = family, .bits = (uint8_t)bits}};
		char set[RULESET_NAME_SIZE];

		if (bits == whole)
			snprintf(set, sizeof(set), "%s", name);
		else
			snprintf(set, sizeof(set), "%s_%u", name, bits);
		if (party_find(ruleset, set, prefixes, count, &party))
			parties_add(parties, &party);
	}
}

void chain_add_parties(struct ruleset *ruleset, const struct parties *parties, enum match_kind kind,
		       const char *counter, enum rule_verdict verdict, const char *target)
{
	for (size_t i = 0; i < parties->count; i++) {
		struct ruleset_rule *rule = ruleset_add_rule(ruleset);

		rule_party(rule, kind, &parties->items[i]);
		rule_end(rule, counter, verdict, target);
	}
}
