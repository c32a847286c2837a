/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl rules: the packet rules of the policy, shown, put into the kernel, compared, removed.
 */
#include "config/rules.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config/config.h"
#include "egressctl/command.h"
#include "egressctl/print.h"
#include "firewall/kernel.h"
#include "firewall/ruleset_text.h"

enum {
	RULES_UID = 1900, /* egressd's, unless --uid says otherwise */
};

#define RULES_BRIDGE "br-apps"

typedef int derive_fn(const struct firewall_policy *policy, const char *table,
		      struct ruleset *ruleset, const char **problem);

struct rules_kind {
	const char *name, *table;
	derive_fn *derive;
};

static const struct rules_kind kinds[] = {
	{"gateway", FIREWALL_TABLE, firewall_derive_gateway},
	{"app", FIREWALL_TABLE_APP, firewall_derive_app},
	{"host", FIREWALL_TABLE_HOST, firewall_derive_host},
};

struct rules {
	const struct invocation *invocation;
	const struct rules_kind *kind;
	struct ruleset wanted;
	struct prefix *apps;
	size_t app_count;
};

static size_t ruleset_rules(const struct ruleset *ruleset)
{
	size_t count = 0;

	for (size_t i = 0; i < ruleset->chain_count; i++)
		count += ruleset->chains[i].rule_count;
	return count;
}

/* --- the options --- */

/* "172.30.0.0/24,fd30::/64". */
static int rules_parse_apps(struct rules *rules, const char *text)
{
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, ",");
		struct prefix *apps = array_more(rules->apps, rules->app_count, sizeof(*apps));

		if (apps == NULL)
			return command_fail(rules->invocation, EXIT_UNKNOWN, "out of memory");
		rules->apps = apps;
		if (!prefix_parse(text, len, &apps[rules->app_count++]))
			return command_fail(rules->invocation, EXIT_USAGE,
					    "--apps: '%.*s' is no network (10.0.0.0/24)", (int)len,
					    text);
		text += len + (text[len] == ',');
	}
	return EXIT_YES;
}

static int rules_parse_options(struct rules *rules, struct config_rules_options *options)
{
	const struct invocation *invocation = rules->invocation;
	int code = rules_parse_apps(rules, invocation->apps);
	char *end;

	if (code != EXIT_YES)
		return code;
	*options = (struct config_rules_options){.uid = RULES_UID,
						 .bridge = RULES_BRIDGE,
						 .apps = rules->apps,
						 .app_count = rules->app_count};
	if (invocation->uid != NULL) {
		unsigned long uid;

		errno = 0;
		uid = strtoul(invocation->uid, &end, 10);
		if (errno != 0 || *end != '\0' || end == invocation->uid || uid == 0 ||
		    uid >= UINT32_MAX)
			return command_fail(invocation, EXIT_USAGE,
					    "--uid: '%s' is no number of a user but root",
					    invocation->uid);
		options->uid = (uint32_t)uid;
	}
	if (invocation->bridge != NULL)
		options->bridge = invocation->bridge;
	if (options->bridge[0] == '\0' || strlen(options->bridge) >= IFNAMSIZ ||
	    strpbrk(options->bridge, " \"/*\n") != NULL)
		return command_fail(invocation, EXIT_USAGE, "--bridge: '%s' is no name of a device",
				    options->bridge);
	return EXIT_YES;
}

static int rules_derive(struct rules *rules)
{
	struct config_rules_options options;
	const char *problem;
	struct config *config;
	struct config_rules *needs;
	int code = rules_parse_options(rules, &options);

	if (code != EXIT_YES)
		return code;
	config = command_load(rules->invocation);
	if (config == NULL)
		return EXIT_UNKNOWN;
	needs = config_rules_new(config, &options, &problem);
	if (needs == NULL || rules->kind->derive(config_rules_policy(needs), rules->kind->table,
						 &rules->wanted, &problem) < 0)
		code = command_fail(rules->invocation, EXIT_UNKNOWN, "%s: %s", config->path,
				    problem);
	config_rules_free(needs);
	config_unref(config);
	return code;
}

/* --- the actions --- */

static int rules_show(struct rules *rules)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (!rules->invocation->json) {
		ruleset_print(&rules->wanted, stdout);
		return EXIT_YES;
	}
	out = open_memstream(&text, &len);
	if (out == NULL)
		return command_fail(rules->invocation, EXIT_UNKNOWN, "out of memory");
	ruleset_print(&rules->wanted, out);
	fclose(out);
	command_print_json(json_pack("{s:s, s:s, s:s}", "kind", rules->kind->name, "table",
				     rules->kind->table, "text", text));
	free(text);
	return EXIT_YES;
}

static int rules_apply(struct rules *rules, struct firewall *firewall)
{
	/* Not owned: an owner is a process that stays, and this one ends here. */
	enum firewall_result result = firewall_apply(firewall, &rules->wanted, false, NULL);

	if (result != FIREWALL_OK)
		return command_fail(rules->invocation, EXIT_NO, "%s", firewall_problem(firewall));
	if (rules->invocation->json)
		command_print_json(json_pack("{s:s, s:s, s:b, s:I}", "kind", rules->kind->name,
					     "table", rules->kind->table, "applied", 1, "rules",
					     (json_int_t)ruleset_rules(&rules->wanted)));
	else
		printf("table inet %s is in force: %zu rules, read back and the same\n",
		       rules->kind->table, ruleset_rules(&rules->wanted));
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

	for (size_t i = 0; all && i < count; i++) {
		print_clean(json_string_value(json_array_get(differences, i)));
		putchar('\n');
	}
	if (all && count > 0)
		return;
	printf("%stable inet %s ", style_on(count == 0 ? STYLE_GOOD : STYLE_BAD),
	       rules->kind->table);
	if (!present)
		printf("is not there");
	else if (count == 0)
		printf("has the %zu rules of the policy", ruleset_rules(&rules->wanted));
	else
		printf("is not as the policy has it: %zu %s (egressctl rules diff %s)", count,
		       count == 1 ? "difference" : "differences", rules->kind->name);
	printf("%s\n", style_off());
}

/* verify: does it hold; diff (all): what does not. */
static int rules_compare(struct rules *rules, struct firewall *firewall, bool all)
{
	struct ruleset found;
	enum firewall_result result =
		firewall_read(firewall, RULESET_INET, rules->kind->table, &found);
	bool present = result == FIREWALL_OK, owned = false;
	json_t *differences;
	int code;

	if (result == FIREWALL_FAILED)
		return command_fail(rules->invocation, EXIT_UNKNOWN, "%s",
				    firewall_problem(firewall));
	differences = json_array();
	if (present) {
		owned = (found.flags & FIREWALL_TABLE_OWNER) != 0;
		ruleset_diff(&rules->wanted, &found, difference_add, differences);
		ruleset_clear(&found);
	} else {
		difference_add(differences, "the table is missing");
	}
	code = json_array_size(differences) == 0 ? EXIT_YES : EXIT_NO;
	if (rules->invocation->json) {
		command_print_json(json_pack("{s:s, s:s, s:b, s:b, s:b, s:o}", "kind",
					     rules->kind->name, "table", rules->kind->table,
					     "present", present, "same", code == EXIT_YES, "owned",
					     owned, "differences", differences));
		return code;
	}
	comparison_print(rules, differences, present, all);
	json_decref(differences);
	return code;
}

static int rules_remove(struct rules *rules, struct firewall *firewall)
{
	enum firewall_result result = firewall_remove(firewall, RULESET_INET, rules->kind->table);

	if (result == FIREWALL_FAILED)
		return command_fail(rules->invocation, EXIT_NO, "%s", firewall_problem(firewall));
	if (rules->invocation->json)
		command_print_json(json_pack("{s:s, s:s, s:b}", "kind", rules->kind->name, "table",
					     rules->kind->table, "removed", result == FIREWALL_OK));
	else
		printf("table inet %s %s\n", rules->kind->table,
		       result == FIREWALL_OK ? "is removed" : "was not there");
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

int command_rules(const struct invocation *invocation)
{
	static const char *const actions[] = {"show", "apply", "verify", "diff", "remove"};
	struct rules rules = {.invocation = invocation};
	const char *kind = invocation->argc == 2 ? invocation->argv[1] : "gateway";
	int code = EXIT_USAGE;

	if (invocation->argc < 1 || invocation->argc > 2)
		return EXIT_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kind, kinds[i].name) == 0)
			rules.kind = &kinds[i];
	}
	for (size_t i = 0; rules.kind != NULL && i < ARRAY_LEN(actions); i++) {
		if (strcmp(invocation->argv[0], actions[i]) == 0)
			code = rules_run(&rules, actions[i]);
	}
	ruleset_clear(&rules.wanted);
	free(rules.apps);
	return code;
}
