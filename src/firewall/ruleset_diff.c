/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is different between two rulesets, in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "firewall/ruleset_text.h"

enum {
	DIFFERENCE_SIZE = 2 * RULE_TEXT_SIZE + 128,
};

struct comparison {
	ruleset_difference_fn *differs;
	void *arg;
	size_t count;
};

static void comparison_tell(struct comparison *comparison, const char *format, ...)
	PRINTF_LIKE(2, 3);

static void comparison_tell(struct comparison *comparison, const char *format, ...)
{
	char words[DIFFERENCE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	comparison->count++;
	if (comparison->differs != NULL)
		comparison->differs(comparison->arg, words);
}

/* The text says everything that a rule of ours can be, and of a foreign one what it is made of. */
static bool rule_equals(const struct ruleset_rule *wanted, const struct ruleset_rule *found)
{
	char left[RULE_TEXT_SIZE], right[RULE_TEXT_SIZE];

	return strcmp(ruleset_rule_text(wanted, left), ruleset_rule_text(found, right)) == 0;
}

/* Is the rule at this place of "in" found further down in "among"? Then what stands there now came
 * in between. */
static bool rule_comes_later(const struct ruleset_rule *rule, const struct ruleset_chain *among,
			     size_t from)
{
	for (size_t i = from; i < among->rule_count; i++) {
		if (rule_equals(rule, &among->rules[i]))
			return true;
	}
	return false;
}

static void compare_rules(struct comparison *comparison, const struct ruleset_chain *wanted,
			  const struct ruleset_chain *found)
{
	char text[RULE_TEXT_SIZE];
	size_t i = 0, j = 0;

	while (i < wanted->rule_count || j < found->rule_count) {
		if (i < wanted->rule_count && j < found->rule_count &&
		    rule_equals(&wanted->rules[i], &found->rules[j])) {
			i++;
			j++;
		} else if (i < wanted->rule_count &&
			   !rule_comes_later(&wanted->rules[i], found, j)) {
			comparison_tell(comparison, "chain %s: rule %zu is missing: %s",
					wanted->name, i + 1,
					ruleset_rule_text(&wanted->rules[i], text));
			i++;
		} else {
			comparison_tell(comparison, "chain %s: rule %zu does not belong there: %s",
					wanted->name, j + 1,
					ruleset_rule_text(&found->rules[j], text));
			j++;
		}
	}
}

static bool devices_equal(const struct ruleset_chain *a, const struct ruleset_chain *b)
{
	if (a->device_count != b->device_count)
		return false;
	for (size_t i = 0; i < a->device_count; i++) {
		if (strcmp(a->devices[i], b->devices[i]) != 0)
			return false;
	}
	return true;
}

static void compare_chain(struct comparison *comparison, const struct ruleset_chain *wanted,
			  const struct ruleset_chain *found)
{
	if (wanted->hook != found->hook)
		comparison_tell(comparison, "chain %s stands at another hook", wanted->name);
	else if (wanted->hook != HOOK_NONE && wanted->priority != found->priority)
		comparison_tell(comparison, "chain %s has priority %" PRId32 " and not %" PRId32,
				wanted->name, found->priority, wanted->priority);
	if (wanted->hook != HOOK_NONE && wanted->drops != found->drops)
		comparison_tell(comparison, "chain %s has policy %s and not %s", wanted->name,
				found->drops ? "drop" : "accept",
				wanted->drops ? "drop" : "accept");
	if (!devices_equal(wanted, found))
		comparison_tell(comparison, "chain %s stands at other devices", wanted->name);
	compare_rules(comparison, wanted, found);
}

static void compare_chains(struct comparison *comparison, const struct ruleset *wanted,
			   const struct ruleset *found)
{
	for (size_t i = 0; i < wanted->chain_count; i++) {
		const struct ruleset_chain *chain = &wanted->chains[i];
		const struct ruleset_chain *other = ruleset_find_chain(found, chain->name);

		if (other == NULL)
			comparison_tell(comparison, "chain %s is missing", chain->name);
		else
			compare_chain(comparison, chain, other);
	}
	for (size_t i = 0; i < found->chain_count; i++) {
		if (ruleset_find_chain(wanted, found->chains[i].name) == NULL)
			comparison_tell(comparison, "chain %s does not belong there",
					found->chains[i].name);
	}
}

static bool set_equals(const struct ruleset_set *a, const struct ruleset_set *b)
{
	return a->family == b->family && a->count == b->count &&
	       (a->count == 0 ||
		memcmp(a->addresses, b->addresses, a->count * sizeof(*a->addresses)) == 0);
}

static void compare_sets(struct comparison *comparison, const struct ruleset *wanted,
			 const struct ruleset *found)
{
	for (size_t i = 0; i < wanted->set_count; i++) {
		const struct ruleset_set *set = &wanted->sets[i];
		const struct ruleset_set *other = ruleset_find_set(found, set->name);

		if (other == NULL)
			comparison_tell(comparison, "set %s is missing", set->name);
		else if (!set_equals(set, other))
			comparison_tell(comparison, "set %s has other addresses", set->name);
	}
	for (size_t i = 0; i < found->set_count; i++) {
		if (ruleset_find_set(wanted, found->sets[i].name) == NULL)
			comparison_tell(comparison, "set %s does not belong there",
					found->sets[i].name);
	}
}

static bool has_counter(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->counter_count; i++) {
		if (strcmp(ruleset->counters[i], name) == 0)
			return true;
	}
	return false;
}

static void compare_counters(struct comparison *comparison, const struct ruleset *wanted,
			     const struct ruleset *found)
{
	for (size_t i = 0; i < wanted->counter_count; i++) {
		if (!has_counter(found, wanted->counters[i]))
			comparison_tell(comparison, "counter %s is missing", wanted->counters[i]);
	}
	for (size_t i = 0; i < found->counter_count; i++) {
		if (!has_counter(wanted, found->counters[i]))
			comparison_tell(comparison, "counter %s does not belong there",
					found->counters[i]);
	}
}

size_t ruleset_diff(const struct ruleset *wanted, const struct ruleset *found,
		    ruleset_difference_fn *differs, void *arg)
{
	struct comparison comparison = {.differs = differs, .arg = arg};

	/* Not a word of the rules changes, and none of them is looked at. */
	if ((found->flags & ~wanted->flags & 1) != 0)
		comparison_tell(&comparison, "the table is dormant: none of its rules is in force");
	compare_counters(&comparison, wanted, found);
	compare_sets(&comparison, wanted, found);
	compare_chains(&comparison, wanted, found);
	return comparison.count;
}
