/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of address prefixes, IPv4 and IPv6, kept as sorted disjoint ranges: a lookup is a binary
 * search. */
#ifndef POLICY_PREFIXES_H
#define POLICY_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/prefix.h"

struct prefixes;

/* NULL + errno. */
MUST_CHECK struct prefixes *prefixes_new(void);
void prefixes_free(struct prefixes *prefixes);

/* In any order, overlapping or not. -1 + errno. */
MUST_CHECK int prefixes_add(struct prefixes *prefixes, const struct prefix *prefix);

/* Sorts and joins; before it, nothing is found. May be called again after more were added. */
void prefixes_seal(struct prefixes *prefixes);

bool prefixes_contain(const struct prefixes *prefixes, const struct address *address);

/* Is every address of inner in the set? Both sealed. */
bool prefixes_cover_all(const struct prefixes *prefixes, const struct prefixes *inner);

/* Ranges after joining. */
size_t prefixes_count(const struct prefixes *prefixes);

#endif
