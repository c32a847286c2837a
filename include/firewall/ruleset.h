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

struct address_range {
	uint8_t first[16], last[16];
};

struct ruleset_set {
	char name[RULESET_NAME_SIZE];
	sa_family_t family;           /* AF_UNSPEC: read back, and of another type */
	struct address_range *ranges; /* sorted, neither overlapping nor adjacent */
	size_t range_count;
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
const struct ruleset_set *ruleset_find_set(const struct ruleset *ruleset, const char *name);

#endif
