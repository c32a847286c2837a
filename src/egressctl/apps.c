/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl apps: looks at the apps behind the gateway, sets them up, heals them. */
#include <stdio.h>
#include <string.h>

#include "apps/app.h"
#include "apps/report.h"
#include "apps/tour.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

enum apps_action {
	ACTION_CHECK,
	ACTION_SETUP,
	ACTION_HEAL,
};

static const char *const action_names[] = {
	[ACTION_CHECK] = "check",
	[ACTION_SETUP] = "setup",
	[ACTION_HEAL] = "heal",
};

struct apps_run {
	struct invocation *invocation;
	enum apps_action action;
	struct app_options options;
	bool dry;
	bool chosen[APP_COUNT];
	bool chosen_any;
};

/* --- the command line --- */

/* The action and the apps that are named. */
static bool words_take(struct apps_run *run, int argc, char **argv)
{
	if (argc < 1)
		return false;
	for (size_t i = 0; i <= ARRAY_LEN(action_names); i++) {
		if (i == ARRAY_LEN(action_names))
			return false;
		run->action = (enum apps_action)i;
		if (strcmp(argv[0], action_names[i]) == 0)
			break;
	}
	for (int i = 1; i < argc; i++) {
		int kind = app_find(argv[i]);

		if (kind < 0) {
			fprintf(stderr, "egressctl: there is no app called '%s'\n", argv[i]);
			return false;
		}
		run->chosen[kind] = true;
		run->chosen_any = true;
	}
	return !run->dry || run->action == ACTION_SETUP;
}

static bool run_read(struct apps_run *run)
{
	struct app_options *options = &run->options;
	const struct command_option own[] = {
		{"dry-run", .flag = &run->dry},
		{"proxy", .text = &options->proxy},
		{"config-dir", .text = &options->config_dir},
		{"echo", .text = &options->echo},
		{"prowlarr-url", .text = &options->url[APP_PROWLARR]},
		{"flaresolverr-url", .text = &options->url[APP_FLARESOLVERR]},
		{"radarr-url", .text = &options->url[APP_RADARR]},
		{"qbittorrent-url", .text = &options->url[APP_QBITTORRENT]},
		{"overseerr-url", .text = &options->url[APP_OVERSEERR]},
		{"prowlarr-key-file", .text = &options->key_file[APP_PROWLARR]},
		{"radarr-key-file", .text = &options->key_file[APP_RADARR]},
		{"qbittorrent-key-file", .text = &options->key_file[APP_QBITTORRENT]},
		{"overseerr-key-file", .text = &options->key_file[APP_OVERSEERR]},
		{0},
	};

	return command_options(run->invocation, own) &&
	       words_take(run, run->invocation->argc, run->invocation->argv);
}

/* None is named: those that are always there, and those of which something was said. */
static void run_choose(struct apps_run *run, const struct apps *apps)
{
	for (int kind = 0; kind < APP_COUNT && !run->chosen_any; kind++)
		run->chosen[kind] = kind == APP_PROWLARR || kind == APP_FLARESOLVERR ||
				    apps->app[kind].is_named;
}

/* --- what comes out --- */

static void print_more(const json_t *item, const char *key)
{
	const char *text = json_text(item, key, NULL);

	if (text == NULL)
		return;
	printf("%25s%-4s  ", "", key);
	print_clean(text);
	putchar('\n');
}

static void item_print(const struct apps_run *run, const json_t *item)
{
	const char *kind = json_text(item, "kind", "");
	bool is_change = strcmp(kind, "change") == 0;
	const char *from = json_text(item, "from", NULL);
	enum style style = strcmp(kind, "fine") == 0      ? STYLE_GOOD
			   : strcmp(kind, "finding") == 0 ? STYLE_BAD
			   : is_change                    ? STYLE_BOLD
							  : STYLE_WARN;

	if (is_change)
		kind = run->dry ? (from ? "to change" : "to make") : from ? "changed" : "made";
	printf("%-13s %s%-9s%s  ", json_text(item, "app", ""), style_on(style), kind, style_off());
	print_clean(json_text(item, "what", ""));
	if (is_change) {
		printf(": ");
		if (from != NULL) {
			print_clean(from);
			printf(" -> ");
		}
		print_clean(json_text(item, "to", ""));
	}
	putchar('\n');
	print_more(item, "why");
	print_more(item, "cure");
}

static void report_print(const struct apps_run *run, const struct app_report *report)
{
	unsigned changes = report_changes(report);
	size_t i;
	json_t *item;

	json_array_foreach(report_items(report), i, item) item_print(run, item);
	if (run->action != ACTION_SETUP)
		return;
	if (changes == 0)
		printf("%s\n", report_unknowns(report)
				       ? "nothing was changed"
				       : "nothing to change: all is as it should be");
	else
		printf("%u %s%s\n", changes, changes == 1 ? "change" : "changes",
		       run->dry ? " would be made; nothing was changed" : "");
}

static int run_end(const struct apps_run *run, const struct app_report *report)
{
	bool finding = report_findings(report) > 0 || (run->dry && report_changes(report) > 0);
	int code = finding ? EXIT_NO : report_unknowns(report) > 0 ? EXIT_UNKNOWN : EXIT_YES;

	if (run->invocation->json)
		command_print_json(json_pack(
			"{s:s, s:b, s:i, s:i, s:i, s:O}", "action", action_names[run->action],
			"dry_run", run->dry, "findings", (int)report_findings(report), "changes",
			(int)report_changes(report), "unknown", (int)report_unknowns(report),
			"items", report_items(report)));
	else
		report_print(run, report);
	return code;
}

static int run_act(struct apps_run *run, const struct apps *apps)
{
	struct app_report *report = report_new(apps);
	int code;

	if (report == NULL)
		return command_fail(run->invocation, EXIT_UNKNOWN, "out of memory");
	run_choose(run, apps);
	if (run->action == ACTION_CHECK)
		apps_check(apps, run->chosen, report);
	else if (run->action == ACTION_SETUP)
		apps_setup(apps, run->chosen, run->dry, report);
	else
		apps_heal(apps, run->chosen, report);
	code = run_end(run, report);
	report_free(report);
	return code;
}

int command_apps(struct invocation *invocation)
{
	struct apps_run run = {.invocation = invocation};
	char problem[APP_PROBLEM_SIZE];
	struct apps apps;
	int code;

	if (!run_read(&run))
		return EXIT_USAGE;
	if (apps_read(&apps, &run.options, problem) < 0)
		code = command_fail(invocation, EXIT_UNKNOWN, "%s", problem);
	else
		code = run_act(&run, &apps);
	apps_clear(&apps);
	return code;
}
