/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rulesets in the kernel's nf_tables, in the network namespace this was opened in. One thread. What
 * fails says so in words for people, which name what the kernel or the container lacks.
 */
#ifndef FIREWALL_KERNEL_H
#define FIREWALL_KERNEL_H

#include <stdbool.h>

#include "base/compiler.h"
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

/* Fills *found, which is initialised here and cleared by the caller when it is FIREWALL_OK. */
MUST_CHECK enum firewall_result firewall_read(struct firewall *firewall, const char *table,
					      struct ruleset *found);

/* FIREWALL_ABSENT: there was none. */
MUST_CHECK enum firewall_result firewall_remove(struct firewall *firewall, const char *table);

#endif
