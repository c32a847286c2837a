/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl rules: the packet rules of the policy, shown, put into the kernel, compared, removed.
 */
#include "config/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prefix.h"
#include "config/config.h"
#include "egressctl/command.h"
#include "egressctl/print.h"
#include "egressctl/rules.h"
#include "firewall/kernel.h"
#include "firewall/ruleset_text.h"

struct rules_kind {
	const char *name;
	enum firewall_kind kind;
};

static const struct rules_kind kinds[] = {
	{"gateway", FIREWALL_GATEWAY}, {"hub", FIREWALL_HUB},         {"app", FIREWALL_APP},
	{"host", FIREWALL_HOST},       {"witness", FIREWALL_WITNESS},
};

struct rules {
	const struct invocation *invocation;
	const struct rules_options *options;
	const char *name; /* of the kind, as it was asked for */
	enum firewall_kind kind;
	struct firewall_policy policy;
	struct firewall_rules wanted;
	struct firewall_links links;
	struct config *config;
	struct config_rules *needs;
	struct prefix *apps;
	bool as_kept; /* of the gateway's kinds the one that egressd keeps */
};

static size_t rules_count(const struct rules *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < rules->wanted.count; i++) {
		const struct ruleset *ruleset = &rules->wanted.tables[i];

		for (size_t j = 0; j < ruleset->chain_count; j++)
			count += ruleset->chains[j].rule_count;
	}
	return count;
}

static const char *rules_table(const struct rules *rules)
{
	struct firewall_table tables[FIREWALL_TABLES_MAX];

	firewall_tables(rules->kind, NULL, tables);
	return tables[0].name;
}

/* "table inet egressd ", of one or both. */
static void rules_print_tables(const struct rules *rules)
{
	bool both = rules->wanted.count > 1;

	printf("table%s %s %s ", both ? "s" : "", both ? "inet and netdev" : "inet",
	       rules_table(rules));
}

/* Keeps config, whatever comes of it. */
static int rules_derive_from(struct rules *rules, struct config *config)
{
	struct config_rules_options options;
	const char *problem;
	int code = rules_options_parse(rules->invocation, rules->options, &options, &rules->apps);

	rules->config = config;
	if (code != EXIT_YES)
		return code;
	rules->needs = config_rules_new(config, &options, &problem);
	if (rules->needs == NULL)
		goto fail;
	rules->policy = *config_rules_policy(rules->needs);
	rules->policy.links = &rules->links;
	problem = "the devices cannot be listed";
	if (firewall_read_links(&rules->policy, &rules->links) < 0)
		goto fail;
	if (rules->as_kept)
		rules->kind = firewall_kind_of(&rules->policy);
	else if (rules->kind == FIREWALL_GATEWAY &&
		 (rules->policy.strict || rules->options->strict))
		rules->kind = FIREWALL_STRICT;
	if (firewall_derive(rules->kind, &rules->policy, NULL, &rules->wanted, &problem) == 0)
		return EXIT_YES;
fail:
	return command_fail(rules->invocation, EXIT_UNKNOWN, "%s: %s", rules->config->path,
			    problem);
}

/* The Docker host has no policy file, and its rules take nothing from one. */
static int rules_derive_host(struct rules *rules)
{
	struct config_rules_options options;
	const char *problem;
	int code = rules_options_parse(rules->invocation, rules->options, &options, &rules->apps);

	if (code != EXIT_YES)
		return code;
	rules->policy.bridge = options.bridge;
	if (firewall_derive(rules->kind, &rules->policy, NULL, &rules->wanted, &problem) < 0)
		return command_fail(rules->invocation, EXIT_UNKNOWN, "%s", problem);
	return EXIT_YES;
}

static int rules_derive(struct rules *rules)
{
	struct config *config;

	if (rules->kind == FIREWALL_HOST)
		return rules_derive_host(rules);
	config = command_load(rules->invocation);
	return config == NULL ? EXIT_UNKNOWN : rules_derive_from(rules, config);
}

/* All but what is wanted. */
static void rules_clear(struct rules *rules)
{
	config_rules_free(rules->needs);
	config_unref(rules->config);
	free(rules->apps);
}

int rules_of_gateway(const struct invocation *invocation, const struct rules_options *options,
		     struct config *config, struct firewall_rules *wanted, enum firewall_kind *kind,
		     uint32_t *uid)
{
	struct rules rules = {.invocation = invocation, .options = options, .as_kept = true};
	int code = rules_derive_from(&rules, config_ref(config));

	*wanted = rules.wanted;
	*kind = rules.kind;
	*uid = rules.policy.uid;
	rules_clear(&rules);
	return code;
}

/* --- the actions --- */

static int rules_show(struct rules *rules)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = rules->invocation->json ? open_memstream(&text, &len) : stdout;

	if (out == NULL)
		return command_fail(rules->invocation, EXIT_UNKNOWN, "out of memory");
	for (size_t i = 0; i < rules->wanted.count; i++)
		ruleset_print(&rules->wanted.tables[i], out);
	if (out == stdout)
		return EXIT_YES;
	fclose(out);
	command_print_json(json_pack("{s:s, s:s, s:s}", "kind", rules->name, "table",
				     rules_table(rules), "text", text));
	free(text);
	return EXIT_YES;
}

static int rules_apply(struct rules *rules, struct firewall *firewall)
{
	/* Not owned: an owner is a process that stays, and this one ends here. */
	firewall_rules_clear(&rules->wanted);
	if (firewall_install(firewall, rules->kind, &rules->policy, NULL, false, &rules->wanted,
			     NULL) != FIREWALL_OK)
		return command_fail(rules->invocation, EXIT_NO, "%s", firewall_problem(firewall));
	if (rules->invocation->json) {
		command_print_json(json_pack("{s:s, s:s, s:b, s:I}", "kind", rules->name, "table",
					     rules_table(rules), "applied", 1, "rules",
					     (json_int_t)rules_count(rules)));
		return EXIT_YES;
	}
	rules_print_tables(rules);
	printf("%s in force: %zu rules, read back and the same\n",
	       rules->wanted.count > 1 ? "are" : "is", rules_count(rules));
	return EXIT_YES;
}

static void difference_add(void *arg, const char *words)
{
	json_array_append_new(arg, json_string(words));
}

static void comparison_print(const struct rules *rules, const json_t *differences, bool present,
			     bool all)
{
	size_t count = json_array_size(differences);
	bool both = rules->wanted.count > 1;

	for (size_t i = 0; all && i < count; i++) {
		print_clean(json_string_value(json_array_get(differences, i)));
		putchar('\n');
	}
	if (all && count > 0)
		return;
	fputs(style_on(count == 0 ? STYLE_GOOD : STYLE_BAD), stdout);
	rules_print_tables(rules);
	if (!present)
		printf("%s not there", both ? "are" : "is");
	else if (count == 0)
		printf("%s the %zu rules of the policy", both ? "have" : "has", rules_count(rules));
	else
		printf("%s not as the policy has it: %zu %s (egressctl rules diff %s)",
		       both ? "are" : "is", count, count == 1 ? "difference" : "differences",
		       rules->name);
	printf("%s\n", style_off());
}

struct comparison {
	json_t *differences;
	bool present, owned; /* any of the tables; all of them */
};

static int rules_compare_table(struct rules *rules, struct firewall *firewall, size_t index,
			       struct comparison *comparison)
{
	const struct ruleset *wanted = &rules->wanted.tables[index];
	struct ruleset found;
	enum firewall_result result =
		firewall_read(firewall, wanted->family, wanted->table, &found);

	if (result == FIREWALL_FAILED)
		return command_fail(rules->invocation, EXIT_UNKNOWN, "%s",
				    firewall_problem(firewall));
	if (result == FIREWALL_ABSENT) {
		comparison->owned = false;
		difference_add(comparison->differences,
			       index == 0 ? "the table is missing"
					  : "the table of family netdev is missing");
		return EXIT_YES;
	}
	comparison->present = true;
	if ((found.flags & FIREWALL_TABLE_OWNER) == 0)
		comparison->owned = false;
	ruleset_diff(wanted, &found, difference_add, comparison->differences);
	ruleset_clear(&found);
	return EXIT_YES;
}

/* verify: does it hold; diff (all): what does not. */
static int rules_compare(struct rules *rules, struct firewall *firewall, bool all)
{
	struct comparison comparison = {.differences = json_array(), .owned = true};
	int code = EXIT_YES;

	for (size_t i = 0; i < rules->wanted.count && code == EXIT_YES; i++)
		code = rules_compare_table(rules, firewall, i, &comparison);
	if (code != EXIT_YES) {
		json_decref(comparison.differences);
		return code;
	}
	code = json_array_size(comparison.differences) == 0 ? EXIT_YES : EXIT_NO;
	if (rules->invocation->json) {
		command_print_json(json_pack(
			"{s:s, s:s, s:b, s:b, s:b, s:o}", "kind", rules->name, "table",
			rules_table(rules), "present", comparison.present, "same", code == EXIT_YES,
			"owned", comparison.owned, "differences", comparison.differences));
		return code;
	}
	comparison_print(rules, comparison.differences, comparison.present, all);
	json_decref(comparison.differences);
	return code;
}

static int rules_remove(struct rules *rules, struct firewall *firewall)
{
	struct firewall_table tables[FIREWALL_TABLES_MAX];
	size_t count = firewall_tables(rules->kind, NULL, tables);
	bool removed = false;

	for (size_t i = 0; i < count; i++) {
		enum firewall_result result =
			firewall_remove(firewall, tables[i].family, tables[i].name);

		if (result == FIREWALL_FAILED)
			return command_fail(rules->invocation, EXIT_NO, "%s",
					    firewall_problem(firewall));
		removed = removed || result == FIREWALL_OK;
	}
	if (rules->invocation->json)
		command_print_json(json_pack("{s:s, s:s, s:b}", "kind", rules->name, "table",
					     rules_table(rules), "removed", removed));
	else
		printf("table inet %s %s\n", rules_table(rules),
		       removed ? "is removed" : "was not there");
	return EXIT_YES;
}

static int rules_run(struct rules *rules, const char *action)
{
	char problem[FIREWALL_PROBLEM_SIZE];
	struct firewall *firewall;
	int code = EXIT_YES;

	/* Rules can be removed when the policy that made them is long gone. */
	if (strcmp(action, "remove") != 0)
		code = rules_derive(rules);
	if (code != EXIT_YES)
		return code;
	if (strcmp(action, "show") == 0)
		return rules_show(rules);
	firewall = firewall_open(problem);
	if (firewall == NULL)
		return command_fail(rules->invocation, EXIT_UNKNOWN, "%s", problem);
	if (strcmp(action, "apply") == 0)
		code = rules_apply(rules, firewall);
	else if (strcmp(action, "remove") == 0)
		code = rules_remove(rules, firewall);
	else
		code = rules_compare(rules, firewall, strcmp(action, "diff") == 0);
	firewall_close(firewall);
	return code;
}

int command_rules(struct invocation *invocation)
{
	static const char *const actions[] = {"show", "apply", "verify", "diff", "remove"};
	struct rules_options options = {0};
	const struct command_option own[] = {{"uid", .text = &options.uid},
					     {"apps", .text = &options.apps},
					     {"bridge", .text = &options.bridge},
					     {"strict", .flag = &options.strict},
					     {0}};
	struct rules rules = {.invocation = invocation, .options = &options};
	const char *name;
	int code = EXIT_USAGE;

	if (!command_options(invocation, own) || invocation->argc < 1 || invocation->argc > 2)
		return EXIT_USAGE;
	name = invocation->argc == 2 ? invocation->argv[1] : "gateway";
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(name, kinds[i].name) != 0)
			continue;
		rules.name = kinds[i].name;
		rules.kind = kinds[i].kind;
	}
	if (options.strict && (rules.name == NULL || rules.kind != FIREWALL_GATEWAY))
		return EXIT_USAGE;
	for (size_t i = 0; rules.name != NULL && i < ARRAY_LEN(actions); i++) {
		if (strcmp(invocation->argv[0], actions[i]) == 0)
			code = rules_run(&rules, actions[i]);
	}
	firewall_rules_clear(&rules.wanted);
	rules_clear(&rules);
	return code;
}
