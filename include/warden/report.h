/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the warden knows and the proxy shows. Plain data of one build: it crosses processes. */
#ifndef WARDEN_REPORT_H
#define WARDEN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

enum warden_rules_state {
	WARDEN_RULES_UNVERIFIED, /* not known to be in force: nothing may be let out */
	WARDEN_RULES_VERIFIED,   /* the kernel, asked, had exactly these rules */
	WARDEN_RULES_OFF,        /* --no-firewall */
};

struct warden_witness {
	bool on;
	uint64_t packets, bytes; /* of ours that were about to leave in clear */
	int64_t seen_at_ms;      /* the last one; wall clock, 0: none */
};

struct warden_report {
	enum warden_rules_state rules;
	bool owned;          /* nobody but the warden may change the table */
	bool held;           /* not so, but while the warden lives a copy of it is its alone */
	bool namespace_gone; /* the network namespace has lost its uplink: it is an orphan */
	bool same_user;      /* the proxy could not be given a user of its own */
	uint32_t tables, rule_count;
	uint32_t repairs;       /* how often somebody else had changed the rules */
	uint32_t restarts;      /* of the proxy */
	int64_t verified_at_ms; /* wall clock, as the next; 0: never */
	int64_t changed_at_ms;  /* when rules became what it is */
	int64_t repaired_at_ms;
	char reason[400]; /* of the last trouble; "": none */
	char by[64];      /* who had changed the rules last, as the kernel says; "": not told */
	struct warden_witness witness;
};

/* May traffic be let out? */
static inline bool warden_report_allows(const struct warden_report *report)
{
	return report->rules != WARDEN_RULES_UNVERIFIED && !report->namespace_gone;
}

#endif
