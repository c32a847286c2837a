/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which tables there are for what. */
#include "firewall/derive.h"

#include "gateway.h"

typedef int derive_fn(const struct firewall_policy *policy, const char *table,
		      struct ruleset *ruleset, const char **problem);

struct derivation {
	const char *table;
	derive_fn *packets, *frames;
};

static const struct derivation derivations[] = {
	[FIREWALL_GATEWAY] = {FIREWALL_TABLE, derive_gateway, NULL},
	[FIREWALL_STRICT] = {FIREWALL_TABLE, derive_strict, derive_strict_frames},
	[FIREWALL_HUB] = {FIREWALL_TABLE, derive_hub, NULL},
	[FIREWALL_APP] = {FIREWALL_TABLE_APP, derive_app, derive_app_frames},
	[FIREWALL_HOST] = {FIREWALL_TABLE_HOST, derive_host, NULL},
	[FIREWALL_WITNESS] = {FIREWALL_TABLE_WITNESS, derive_witness, derive_witness_frames},
};

int firewall_derive(enum firewall_kind kind, const struct firewall_policy *policy,
		    const char *table, struct firewall_rules *rules, const char **problem)
{
	const struct derivation *derivation = &derivations[kind];

	if (table == NULL)
		table = derivation->table;
	*rules = (struct firewall_rules){.count = 1};
	if (derivation->packets(policy, table, &rules->tables[0], problem) < 0)
		return -1;
	/* A namespace without a link has nothing that frames could leave by. */
	if (derivation->frames == NULL || policy->links == NULL || policy->links->count == 0)
		return 0;
	rules->count = 2;
	return derivation->frames(policy, table, &rules->tables[1], problem);
}

void firewall_rules_clear(struct firewall_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		ruleset_clear(&rules->tables[i]);
	rules->count = 0;
}

size_t firewall_tables(enum firewall_kind kind, const char *table,
		       struct firewall_table tables[FIREWALL_TABLES_MAX])
{
	if (table == NULL)
		table = derivations[kind].table;
	tables[0] = (struct firewall_table){RULESET_INET, table};
	tables[1] = (struct firewall_table){RULESET_NETDEV, table};
	/* The gateway's rules have the second one while they are strict. */
	return kind == FIREWALL_HOST ? 1 : 2;
}

enum firewall_kind firewall_kind_of(const struct firewall_policy *policy)
{
	if (policy->strict)
		return FIREWALL_STRICT;
	return policy->direct || policy->device_count == 0 ? FIREWALL_HUB : FIREWALL_GATEWAY;
}
