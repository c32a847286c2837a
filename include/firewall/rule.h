/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One rule as plain data: what it asks of a packet, and what becomes of the packet then. */
#ifndef FIREWALL_RULE_H
#define FIREWALL_RULE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prefix.h"

enum {
	RULESET_NAME_SIZE = 32,
	RULE_MATCHES_MAX = 10,
	RULE_FOREIGN_SIZE = 160,
	/* Flows of ours bear this byte in their ct mark; the other bits are other people's. */
	RULE_MARK = 0xe6000000,
	RULE_MARK_MASK = 0xff000000,
};

enum match_kind {
	MATCH_DEVICE_IN, /* device */
	MATCH_DEVICE_OUT,
	MATCH_UID,      /* number */
	MATCH_MARKED,   /* the flow is ours by its ct mark */
	MATCH_REPLY,    /* the packet answers whoever opened the flow */
	MATCH_INVALID,  /* belongs to no flow that conntrack can see */
	MATCH_MARK,     /* the packet's own mark: number, of the bits in mask */
	MATCH_STRAY,    /* its source is no address of the device that it leaves by */
	MATCH_ARP,      /* netdev: by the frame's own word */
	MATCH_PROTOCOL, /* number: IPPROTO_TCP, ... */
	MATCH_SOURCE,   /* set, or prefix */
	MATCH_DESTINATION,
	MATCH_ORIGIN,      /* who opened the flow */
	MATCH_SOURCE_PORT, /* number: the protocol; low and high */
	MATCH_DESTINATION_PORT,
	MATCH_ICMPV6_TYPE, /* low and high */
};

struct rule_match {
	enum match_kind kind;
	bool inverted; /* device only */
	uint32_t number, mask;
	uint16_t low, high;
	char device[IFNAMSIZ];
	char set[RULESET_NAME_SIZE]; /* "": prefix */
	struct prefix prefix;        /* a set has so many bits of an address of this family */
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
	bool marks;     /* makes the flow ours */
	uint32_t stamp; /* replaces RULE_MARK_MASK's bits of the packet's mark; 0: leaves them */
	char counter[RULESET_NAME_SIZE];
	enum rule_verdict verdict;
	char target[RULESET_NAME_SIZE];
	char foreign[RULE_FOREIGN_SIZE]; /* read back, and nothing that we would write: its text */
};

#endif
