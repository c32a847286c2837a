/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a policy to all its tables in the kernel. */
#include <stdio.h>

#include "firewall/kernel.h"
#include "socket.h"

static bool rules_have(const struct firewall_rules *rules, enum ruleset_family family)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->tables[i].family == family)
			return true;
	}
	return false;
}

static enum firewall_result install_try(struct firewall *firewall, enum firewall_kind kind,
					const struct firewall_policy *policy, const char *table,
					bool own, struct firewall_rules *rules, bool *owned)
{
	struct firewall_table tables[FIREWALL_TABLES_MAX];
	size_t count = firewall_tables(kind, table, tables);
	const char *problem;

	if (firewall_derive(kind, policy, table, rules, &problem) < 0) {
		snprintf(firewall->problem, sizeof(firewall->problem), "%s", problem);
		return FIREWALL_FAILED;
	}
	for (size_t i = 0; i < rules->count; i++) {
		if (firewall_apply(firewall, &rules->tables[i], own, owned) != FIREWALL_OK)
			return FIREWALL_FAILED;
	}
	for (size_t i = 0; i < count; i++) {
		if (!rules_have(rules, tables[i].family) &&
		    firewall_remove(firewall, tables[i].family, tables[i].name) == FIREWALL_FAILED)
			return FIREWALL_FAILED;
	}
	return FIREWALL_OK;
}

enum firewall_result firewall_install(struct firewall *firewall, enum firewall_kind kind,
				      const struct firewall_policy *policy, const char *table,
				      bool own, struct firewall_rules *rules, bool *owned)
{
	struct firewall_policy without_links = *policy;

	if (install_try(firewall, kind, policy, table, own, rules, owned) == FIREWALL_OK)
		return FIREWALL_OK;
	/* Strict was asked for, and is not had by halves. */
	if ((kind != FIREWALL_WITNESS && kind != FIREWALL_APP) ||
	    rules->count < FIREWALL_TABLES_MAX)
		return FIREWALL_FAILED;
	firewall_rules_clear(rules);
	without_links.links = NULL;
	return install_try(firewall, kind, &without_links, table, own, rules, owned);
}
