/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Putting a ruleset together. Pure. Adding never fails at once: when memory ran out, ruleset_finish
 * says so.
 */
#ifndef FIREWALL_RULESET_BUILD_H
#define FIREWALL_RULESET_BUILD_H

#include "base/compiler.h"
#include "firewall/ruleset.h"

/* When all is added, once: brings the sets and devices in order. -1 + ENOMEM when something was
 * left out. */
MUST_CHECK int ruleset_finish(struct ruleset *ruleset);

void ruleset_add_counter(struct ruleset *ruleset, const char *name);
struct ruleset_set *ruleset_add_set(struct ruleset *ruleset, const char *name, sa_family_t family);
/* As many bytes as an address of the set has. */
void ruleset_set_add(struct ruleset *ruleset, struct ruleset_set *set, const uint8_t *bytes);
/* Sorts, and keeps one of each. */
void ruleset_set_order(struct ruleset_set *set);
void ruleset_drop_last_set(struct ruleset *ruleset);
/* NULL when there is no memory; the next call moves it. */
struct ruleset_chain *ruleset_add_chain(struct ruleset *ruleset, const char *name,
					enum ruleset_hook hook, int32_t priority, bool drops);
/* To the devices of the chain added last. */
void ruleset_add_device(struct ruleset *ruleset, const char *device);
/* To the end of the chain added last; valid until the next one. NULL when there is no memory. */
struct ruleset_rule *ruleset_add_rule(struct ruleset *ruleset);

/* A copy of the rule to the end of a chain that is there; of another chain: passed over. */
void ruleset_add_rule_to(struct ruleset *ruleset, const char *chain,
			 const struct ruleset_rule *rule);

#endif
