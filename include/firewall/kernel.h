/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rulesets in the kernel's nf_tables, in the network namespace this was opened in. One thread. What
 * fails says so in words for people, which name what the kernel or the container lacks.
 */
#ifndef FIREWALL_KERNEL_H
#define FIREWALL_KERNEL_H

#include <stdbool.h>

#include "base/compiler.h"
#include "firewall/derive.h"
#include "firewall/ruleset.h"

struct firewall;

enum {
	FIREWALL_PROBLEM_SIZE = 400,
	/* Of a table; the kernel's names may be missing in older headers. */
	FIREWALL_TABLE_DORMANT = 0x1,
	FIREWALL_TABLE_OWNER = 0x2,
	FIREWALL_TABLE_PERSIST = 0x4,
};

enum firewall_result {
	FIREWALL_OK,
	FIREWALL_ABSENT, /* there is no such table */
	FIREWALL_FAILED, /* firewall_problem says why */
};

/* The descriptor is close-on-exec; as long as it is open, tables applied with own stay owned. NULL:
 * problem is filled, and errno. */
MUST_CHECK struct firewall *firewall_open(char problem[FIREWALL_PROBLEM_SIZE]);
void firewall_close(struct firewall *firewall);

/* Of the call that failed last. */
const char *firewall_problem(const struct firewall *firewall);
/* What the kernel said to the rules that were put last: 0, EPERM when it is not allowed, ... */
int firewall_error(const struct firewall *firewall);

/*
 * Puts the ruleset in place of the table of its name, in one step: before it all the old rules
 * hold, after it all the new ones, and when it fails the old ones stay. Succeeds only when the
 * kernel, asked afterwards, has exactly these rules. own: nobody else may change the table while
 * this is open, and it stays when this ends (owner and persist); where the kernel does not know
 * that, the table is not owned, and *owned says so (owned may be NULL).
 */
MUST_CHECK enum firewall_result
firewall_apply(struct firewall *firewall, const struct ruleset *ruleset, bool own, bool *owned);

/*
 * The same, for a table that goes when this is closed, and that nobody else may change meanwhile:
 * never the only one that holds. FIREWALL_ABSENT: the kernel knows no owners (before 5.12), and
 * nothing was done.
 */
MUST_CHECK enum firewall_result firewall_apply_held(struct firewall *firewall,
						    const struct ruleset *ruleset);

/*
 * The same for all the tables of a kind, one after the other; those that the policy does not need
 * are removed. *rules is what is in force, initialised here and cleared by the caller in any case.
 * Where the kernel has no place for frames (before 5.16), the witness counts packets instead, and
 * an app is held without that table.
 */
MUST_CHECK enum firewall_result firewall_install(struct firewall *firewall, enum firewall_kind kind,
						 const struct firewall_policy *policy,
						 const char *table, bool own,
						 struct firewall_rules *rules, bool *owned);

/* Fills *found, which is initialised here and cleared by the caller when it is FIREWALL_OK. */
MUST_CHECK enum firewall_result firewall_read(struct firewall *firewall, enum ruleset_family family,
					      const char *table, struct ruleset *found);

/* Of one counter, since its table was applied. */
struct firewall_count {
	char name[RULESET_NAME_SIZE];
	uint64_t packets, bytes;
};

/* One question and one answer. Fills counts with the table's counters, as many as there is room
 * for, and says how many. FIREWALL_ABSENT: there are none. */
MUST_CHECK enum firewall_result
firewall_read_counters(struct firewall *firewall, enum ruleset_family family, const char *table,
		       struct firewall_count *counts, size_t capacity, size_t *count);

/* The links there are now, in the order of their names. -1 + errno; ENOSPC: more than there is
 * room for. */
MUST_CHECK int firewall_read_links(const struct firewall_policy *policy,
				   struct firewall_links *links);

/* A number that every change of any table in this namespace raises. -1 + errno. */
MUST_CHECK int firewall_generation(struct firewall *firewall, uint32_t *generation);

/* FIREWALL_ABSENT: there was none. */
MUST_CHECK enum firewall_result firewall_remove(struct firewall *firewall,
						enum ruleset_family family, const char *table);

#endif
