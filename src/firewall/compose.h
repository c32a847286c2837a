/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: the words rulesets are written in. A NULL rule (no memory) is passed over.
 */
#ifndef FIREWALL_COMPOSE_H
#define FIREWALL_COMPOSE_H

#include "firewall/derive.h"
#include "firewall/ruleset_build.h"

enum {
	/* Before every translation of addresses: 127.0.0.11 is still what the program asked for. */
	PRIORITY_RAW = -310,
	/* Behind conntrack (-200) and mangle (-150), before addresses are translated (-100). */
	PRIORITY_TAG = -140,
	/* Before the filters of others (0): a refusal is heard at once where they would be silent.
	 */
	PRIORITY_FILTER = -5,
	/* Behind everybody. */
	PRIORITY_LAST = INT32_MAX,
	/* What the kernel gives to sockets that name no port, unless it was told otherwise. */
	PORTS_ANY_LOW = 32768,
	PORTS_ANY_HIGH = 60999,
};

/* Whom a rule is about: those of one family with the same leading bits, or with bits of a set. */
struct party {
	char set[RULESET_NAME_SIZE]; /* "": the prefix alone */
	struct prefix prefix;        /* of no family: anyone */
};

enum {
	/* One for each length there is, of either family, and one to spare. */
	PARTIES_MAX = 33 + 129 + 1,
};

struct parties {
	struct party items[PARTIES_MAX];
	size_t count;
};

void rule_device_in(struct ruleset_rule *rule, const char *device, bool inverted);
void rule_device_out(struct ruleset_rule *rule, const char *device, bool inverted);
/* kind: MATCH_UID, MATCH_PROTOCOL with the number; MATCH_MARKED, _REPLY, _INVALID with 0. */
void rule_when(struct ruleset_rule *rule, enum match_kind kind, uint32_t number);
/* MATCH_SOURCE, MATCH_DESTINATION. A wildcard address asks nothing. */
void rule_address(struct ruleset_rule *rule, enum match_kind kind, const struct address *address);
/* MATCH_SOURCE, MATCH_DESTINATION, MATCH_ORIGIN. Anyone asks nothing. */
void rule_party(struct ruleset_rule *rule, enum match_kind kind, const struct party *party);
/* MATCH_SOURCE_PORT, MATCH_DESTINATION_PORT. */
void rule_ports(struct ruleset_rule *rule, enum match_kind kind, uint32_t protocol, uint16_t low,
		uint16_t high);
/* counter NULL: none. target: of a jump, else NULL. */
void rule_end(struct ruleset_rule *rule, const char *counter, enum rule_verdict verdict,
	      const char *target);

/* MATCH_MARK: the bits of mask. */
void rule_mark(struct ruleset_rule *rule, uint32_t number, uint32_t mask);

/* What a link itself lives by, and nobody's data: neighbours and routers found, an address asked
 * for.
 */
void chain_accept_link(struct ruleset *ruleset);
/* The VPN's own packets. */
void chain_accept_endpoints(struct ruleset *ruleset, const struct firewall_policy *policy,
			    const char *counter);

/* The chain added last stands at these. */
void links_add(struct ruleset *ruleset, const struct firewall_links *links);

/* The last rules of a chain: whatever is still there is refused, and hears so. */
void chain_refuse(struct ruleset *ruleset, const char *counter);

/* 0.0.0.0 and ::, which stands for both families. */
bool address_is_wildcard(const struct address *address);
bool address_is_loopback(const struct address *address);

/* The policy's range for associations. */
void policy_udp_ports(const struct firewall_policy *policy, uint16_t *low, uint16_t *high);

bool party_is_anyone(const struct party *party);
void parties_add(struct parties *parties, const struct party *party);
/*
 * Adds those of one family: a party for each length that the list has, the longest first, without
 * what is within another one. More than one of a length are a set, of that name ("name_16" when
 * they are not whole addresses), or one before it that has the same.
 */
void parties_compose(struct parties *parties, struct ruleset *ruleset, const char *name,
		     sa_family_t family, const struct prefix *prefixes, size_t count);
/* A rule for each, to the chain added last. */
void chain_add_parties(struct ruleset *ruleset, const struct parties *parties, enum match_kind kind,
		       const char *counter, enum rule_verdict verdict, const char *target);

#endif
