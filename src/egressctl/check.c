/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl check: reads a policy file and says everything that is wrong with it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/environment.h"
#include "config/report.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

static json_t *check_problem(const struct config_problem *problem)
{
	const char *level = problem->level == PROBLEM_ERROR ? "error" : "warning";

	return json_pack("{s:s, s:i, s:i, s:I, s:o, s:o, s:o}", "level", level, "line",
			 (int)problem->line, "column", (int)problem->column, "width",
			 (json_int_t)problem->width, "message", json_words(problem->message),
			 "source", json_words(problem->source), "hint",
			 problem->hint ? json_words(problem->hint) : json_null());
}

static void check_print_json(const struct config_report *report, const char *path, bool ok)
{
	json_t *problems = json_array();

	for (size_t i = 0; i < config_report_total(report); i++)
		json_array_append_new(problems, check_problem(config_report_at(report, i)));
	command_print_json(json_pack("{s:o, s:b, s:o}", "file", json_words(path), "ok", ok,
				     "problems", problems));
}

static void check_print(const struct config_report *report, const char *path, bool ok)
{
	size_t errors = config_report_count(report, PROBLEM_ERROR);
	size_t warnings = config_report_count(report, PROBLEM_WARNING);
	char *text = config_report_text(report, path);

	if (text)
		fputs(text, stdout);
	free(text);
	printf("%s%s: %s%s", style_on(ok ? STYLE_GOOD : STYLE_BAD), path,
	       ok ? "may be loaded" : "would be refused", style_off());
	if (errors > 0)
		printf(", %zu %s", errors, errors == 1 ? "error" : "errors");
	if (warnings > 0)
		printf(", %zu %s", warnings, warnings == 1 ? "warning" : "warnings");
	putchar('\n');
}

int command_check(struct invocation *invocation)
{
	const char *path;
	struct config_report *report;
	struct config *config;

	if (!command_options(invocation, NULL) || invocation->argc > 1)
		return EXIT_USAGE;
	path = environment_or_file(invocation->argc == 1 ? invocation->argv[0]
							 : invocation->config_path);
	if (path != environment_name && access(path, R_OK) < 0)
		return command_fail(invocation, EXIT_UNKNOWN, "%s: %s", path, strerror(errno));
	report = config_report_new();
	if (!report)
		return command_fail(invocation, EXIT_UNKNOWN, "out of memory");
	config = config_load(path, report);
	if (invocation->json)
		check_print_json(report, path, config != NULL);
	else
		check_print(report, path, config != NULL);
	config_report_free(report);
	if (!config)
		return EXIT_NO;
	config_unref(config);
	return EXIT_YES;
}
