/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting rulesets together. */
#include "firewall/ruleset_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void ruleset_init(struct ruleset *ruleset, enum ruleset_family family, const char *table)
{
	*ruleset = (struct ruleset){.family = family};
	snprintf(ruleset->table, sizeof(ruleset->table), "%s", table);
}

void ruleset_clear(struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->set_count; i++)
		free(ruleset->sets[i].addresses);
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		free(ruleset->chains[i].rules);
		free(ruleset->chains[i].devices);
	}
	free(ruleset->counters);
	free(ruleset->sets);
	free(ruleset->chains);
	*ruleset = (struct ruleset){0};
}

/* The array with room for one more; NULL marks the ruleset. */
static void *ruleset_more(struct ruleset *ruleset, void *items, size_t count, size_t size)
{
	void *grown = array_more(items, count, size);

	if (grown == NULL)
		ruleset->incomplete = true;
	return grown;
}

void ruleset_add_counter(struct ruleset *ruleset, const char *name)
{
	char(*counters)[RULESET_NAME_SIZE] = ruleset_more(
		ruleset, ruleset->counters, ruleset->counter_count, sizeof(*ruleset->counters));

	if (counters == NULL)
		return;
	ruleset->counters = counters;
	snprintf(counters[ruleset->counter_count++], RULESET_NAME_SIZE, "%s", name);
}

struct ruleset_set *ruleset_add_set(struct ruleset *ruleset, const char *name, sa_family_t family)
{
	struct ruleset_set *sets =
		ruleset_more(ruleset, ruleset->sets, ruleset->set_count, sizeof(*sets));
	struct ruleset_set *set;

	if (sets == NULL)
		return NULL;
	ruleset->sets = sets;
	set = &sets[ruleset->set_count++];
	set->family = family;
	snprintf(set->name, sizeof(set->name), "%s", name);
	return set;
}

void ruleset_drop_last_set(struct ruleset *ruleset)
{
	free(ruleset->sets[--ruleset->set_count].addresses);
}

static int set_compare(const void *a, const void *b)
{
	return memcmp(a, b, RULESET_ADDRESS_SIZE);
}

void ruleset_set_order(struct ruleset_set *set)
{
	size_t kept = 0;

	if (set->count > 1)
		qsort(set->addresses, set->count, sizeof(*set->addresses), set_compare);
	for (size_t i = 1; i < set->count; i++) {
		if (set_compare(set->addresses[kept], set->addresses[i]) != 0)
			memcpy(set->addresses[++kept], set->addresses[i], RULESET_ADDRESS_SIZE);
	}
	if (set->count > 0)
		set->count = kept + 1;
}

static int device_compare(const void *a, const void *b)
{
	return strncmp(a, b, IFNAMSIZ);
}

int ruleset_finish(struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->set_count; i++)
		ruleset_set_order(&ruleset->sets[i]);
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		struct ruleset_chain *chain = &ruleset->chains[i];

		if (chain->device_count > 1)
			qsort(chain->devices, chain->device_count, sizeof(*chain->devices),
			      device_compare);
	}
	if (!ruleset->incomplete)
		return 0;
	errno = ENOMEM;
	return -1;
}

size_t ruleset_set_width(const struct ruleset_set *set)
{
	return address_len(&(struct address){.family = set->family});
}

void ruleset_set_add(struct ruleset *ruleset, struct ruleset_set *set, const uint8_t *bytes)
{
	uint8_t(*addresses)[RULESET_ADDRESS_SIZE];

	if (set == NULL)
		return;
	addresses = ruleset_more(ruleset, set->addresses, set->count, sizeof(*addresses));
	if (addresses == NULL)
		return;
	set->addresses = addresses;
	memcpy(addresses[set->count++], bytes, ruleset_set_width(set));
}

struct ruleset_chain *ruleset_add_chain(struct ruleset *ruleset, const char *name,
					enum ruleset_hook hook, int32_t priority, bool drops)
{
	struct ruleset_chain *chains =
		ruleset_more(ruleset, ruleset->chains, ruleset->chain_count, sizeof(*chains));
	struct ruleset_chain *chain;

	if (chains == NULL)
		return NULL;
	ruleset->chains = chains;
	chain = &chains[ruleset->chain_count++];
	snprintf(chain->name, sizeof(chain->name), "%s", name);
	chain->hook = hook;
	chain->priority = priority;
	chain->drops = drops;
	return chain;
}

void ruleset_add_device(struct ruleset *ruleset, const char *device)
{
	struct ruleset_chain *chain;
	char(*devices)[IFNAMSIZ];

	if (ruleset->incomplete || ruleset->chain_count == 0)
		return;
	chain = &ruleset->chains[ruleset->chain_count - 1];
	devices = ruleset_more(ruleset, chain->devices, chain->device_count, sizeof(*devices));
	if (devices == NULL)
		return;
	chain->devices = devices;
	snprintf(devices[chain->device_count++], IFNAMSIZ, "%s", device);
}

static struct ruleset_rule *chain_add_rule(struct ruleset *ruleset, struct ruleset_chain *chain)
{
	struct ruleset_rule *rules =
		ruleset_more(ruleset, chain->rules, chain->rule_count, sizeof(*rules));

	if (rules == NULL)
		return NULL;
	chain->rules = rules;
	return &rules[chain->rule_count++];
}

struct ruleset_rule *ruleset_add_rule(struct ruleset *ruleset)
{
	/* A chain that is missing must not hand its rules to the one before it. */
	if (ruleset->incomplete || ruleset->chain_count == 0)
		return NULL;
	return chain_add_rule(ruleset, &ruleset->chains[ruleset->chain_count - 1]);
}

void ruleset_add_rule_to(struct ruleset *ruleset, const char *chain,
			 const struct ruleset_rule *rule)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		struct ruleset_rule *added;

		if (strcmp(ruleset->chains[i].name, chain) != 0)
			continue;
		added = chain_add_rule(ruleset, &ruleset->chains[i]);
		if (added != NULL)
			*added = *rule;
		return;
	}
}

const struct ruleset_chain *ruleset_find_chain(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (strcmp(ruleset->chains[i].name, name) == 0)
			return &ruleset->chains[i];
	}
	return NULL;
}

const struct ruleset_set *ruleset_find_set(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->set_count; i++) {
		if (strcmp(ruleset->sets[i].name, name) == 0)
			return &ruleset->sets[i];
	}
	return NULL;
}
