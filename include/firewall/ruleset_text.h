/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rulesets for people: as nft reads them, and what is different between two. */
#ifndef FIREWALL_RULESET_TEXT_H
#define FIREWALL_RULESET_TEXT_H

#include <stdio.h>

#include "firewall/ruleset.h"

enum {
	RULE_TEXT_SIZE = 1024,
};

/* "inet", "netdev". */
const char *ruleset_family_name(enum ruleset_family family);

/* What "nft -f" loads, as often as one likes: it replaces the table. */
void ruleset_print(const struct ruleset *ruleset, FILE *out);

/* One rule as nft writes it. Returns text. */
const char *ruleset_rule_text(const struct ruleset_rule *rule, char text[RULE_TEXT_SIZE]);

/* One difference in words. */
typedef void ruleset_difference_fn(void *arg, const char *words);

/*
 * Tells what the ruleset found has more, less or otherwise than the one wanted, and returns how
 * many differences that are; 0: the same. Counts of counters, the order of sets and chains, and
 * who owns the table are no difference; the order of rules is. A dormant table is one.
 */
size_t ruleset_diff(const struct ruleset *wanted, const struct ruleset *found,
		    ruleset_difference_fn *differs, void *arg);

#endif
