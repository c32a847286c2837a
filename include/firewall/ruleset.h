/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packet rules as plain data: one inet table with everything in it, to be derived, printed, put
 * into the kernel, read back and compared.
 */
#ifndef FIREWALL_RULESET_H
#define FIREWALL_RULESET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum {
	RULESET_NAME_SIZE = 32,
	RULE_MATCHES_MAX = 10,
	RULE_FOREIGN_SIZE = 160,
	/* Flows of ours bear this byte in their ct mark; the other bits are other people's. */
	RULE_MARK = 0xe6000000,
	RULE_MARK_MASK = 0xff000000,
};

enum ruleset_hook { HOOK_NONE, HOOK_INPUT, HOOK_OUTPUT, HOOK_FORWARD, HOOK_OTHER };

enum match_kind {
	MATCH_DEVICE_IN, /* device */
	MATCH_DEVICE_OUT,
	MATCH_UID,      /* number */
	MATCH_MARKED,   /* the flow is ours by its ct mark */
	MATCH_REPLY,    /* the packet answers whoever opened the flow */
	MATCH_INVALID,  /* belongs to no flow that conntrack can see */
	MATCH_PROTOCOL, /* number: IPPROTO_TCP, ... */
	MATCH_SOURCE,   /* set, or address */
	MATCH_DESTINATION,
	MATCH_ORIGIN,      /* who opened the flow: set and family */
	MATCH_SOURCE_PORT, /* number: the protocol; low and high */
	MATCH_DESTINATION_PORT,
	MATCH_ICMPV6_TYPE, /* low and high */
};

struct rule_match {
	enum match_kind kind;
	bool inverted; /* device only */
	uint32_t number;
	uint16_t low, high;
	char device[IFNAMSIZ];
	char set[RULESET_NAME_SIZE]; /* "": address */
	struct address address;      /* its family alone when set is given */
};

enum rule_verdict {
	VERDICT_CONTINUE,
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_GOTO, /* target */
	VERDICT_JUMP,
	VERDICT_RESET,  /* reject with a TCP reset */
	VERDICT_REJECT, /* reject: administratively prohibited */
};

struct ruleset_rule {
	struct rule_match matches[RULE_MATCHES_MAX];
	size_t match_count;
	bool marks; /* makes the flow ours */
	char counter[RULESET_NAME_SIZE];
	enum rule_verdict verdict;
	char target[RULESET_NAME_SIZE];
	char foreign[RULE_FOREIGN_SIZE]; /* read back, and nothing that we would write: its text */
};

struct ruleset_chain {
	char name[RULESET_NAME_SIZE];
	enum ruleset_hook hook; /* HOOK_NONE: reached by goto and jump */
	int32_t priority;
	bool drops; /* its policy */
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

void ruleset_init(struct ruleset *ruleset, const char *table);
void ruleset_clear(struct ruleset *ruleset);

const struct ruleset_chain *ruleset_find_chain(const struct ruleset *ruleset, const char *name);
const struct ruleset_set *ruleset_find_set(const struct ruleset *ruleset, const char *name);

#endif
