/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packet rules as plain data: one table with everything in it, to be derived, printed, put into the
 * kernel, read back and compared.
 */
#ifndef FIREWALL_RULESET_H
#define FIREWALL_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firewall/rule.h"

enum {
	RULESET_DEVICES_MAX = 256, /* the kernel's own limit, of one chain */
	RULESET_ADDRESS_SIZE = 16, /* of either family; behind 4 bytes of IPv4 come zeros */
};

/* Tables of family netdev have chains at devices, and see frames that no other table does. */
enum ruleset_family { RULESET_INET, RULESET_NETDEV };

enum ruleset_hook {
	HOOK_NONE,
	HOOK_INPUT,
	HOOK_OUTPUT,
	HOOK_FORWARD,
	HOOK_POSTROUTING,
	HOOK_EGRESS, /* netdev, and the only one there */
	HOOK_OTHER,
};

struct ruleset_chain {
	char name[RULESET_NAME_SIZE];
	enum ruleset_hook hook; /* HOOK_NONE: reached by goto and jump */
	int32_t priority;
	bool drops;                /* its policy */
	char (*devices)[IFNAMSIZ]; /* of HOOK_EGRESS, sorted */
	size_t device_count;
	struct ruleset_rule *rules;
	size_t rule_count;
};

/*
 * Of single addresses, and never of ranges: the kernel has those in the set when the rules come
 * into force, and fills a set of ranges a moment later (seen with Linux 6.18).
 */
struct ruleset_set {
	char name[RULESET_NAME_SIZE];
	sa_family_t family;                         /* AF_UNSPEC: read back, and of another type */
	uint8_t (*addresses)[RULESET_ADDRESS_SIZE]; /* sorted, each once */
	size_t count;
};

struct ruleset {
	enum ruleset_family family;
	char table[RULESET_NAME_SIZE];
	uint32_t flags; /* of the table, as read back */
	char (*counters)[RULESET_NAME_SIZE];
	size_t counter_count;
	struct ruleset_set *sets;
	size_t set_count;
	struct ruleset_chain *chains;
	size_t chain_count;
	bool incomplete;
};

void ruleset_init(struct ruleset *ruleset, enum ruleset_family family, const char *table);
void ruleset_clear(struct ruleset *ruleset);

const struct ruleset_chain *ruleset_find_chain(const struct ruleset *ruleset, const char *name);
/* 4 or 16, of an address in the set; 0 for AF_UNSPEC. */
size_t ruleset_set_width(const struct ruleset_set *set);
const struct ruleset_set *ruleset_find_set(const struct ruleset *ruleset, const char *name);

#endif
