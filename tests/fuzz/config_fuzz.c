/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a policy file: either a config comes back, or errors that point into the file. What
 * was taken answers questions.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/explain.h"
#include "config/export.h"
#include "config/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_places(const struct config_report *report)
{
	for (size_t i = 0; i < config_report_total(report); i++) {
		const struct config_problem *problem = config_report_at(report, i);

		if (problem->line > 0 && problem->column > strlen(problem->source) + 1)
			abort();
	}
}

static void ask(const struct config *config, const char *target)
{
	const char *problem;
	json_t *explained =
		config_explain(config, "user@10.0.0.1", target, TRANSPORT_TCP, &problem);

	if (explained == NULL)
		abort();
	free(config_explain_text(explained));
	json_decref(explained);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_report *report = config_report_new();
	struct config *config = config_parse("fuzz.conf", (const char *)data, size, report);

	if ((config == NULL) != (config_report_count(report, PROBLEM_ERROR) > 0))
		abort();
	check_places(report);
	free(config_report_text(report, "fuzz.conf"));
	if (config != NULL) {
		ask(config, "https://www.example.org/path");
		ask(config, "10.0.0.1:80");
		ask(config, "[2001:db8::1]:443");
		json_decref(config_to_json(config));
	}
	config_unref(config);
	config_report_free(report);
	return 0;
}
