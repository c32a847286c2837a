/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the policy file to its rules and the files it names. */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/environment.h"
#include "config/files.h"
#include "config/report.h"
#include "config/rules.h"

static int plan_derive(struct plan *plan, const struct warden_options *options, uid_t uid,
		       char problem[512])
{
	const struct config_rules_options rules_options = {.uid = uid};
	const char *why;
	struct config_rules *needs = config_rules_new(plan->config, &rules_options, &why);
	int result = -1;

	if (needs != NULL)
		result = firewall_derive_gateway(config_rules_policy(needs), options->table,
						 &plan->ruleset, &why);
	if (result < 0)
		snprintf(problem, 512, "%s: there can be no packet rules for it: %s",
			 plan->config->path, why);
	config_rules_free(needs);
	return result;
}

static int plan_read(struct plan *plan, const char *source, struct config_report *found)
{
	plan->files = config_files_new();
	if (plan->files == NULL)
		return -1;
	if (config_files_add(plan->files, source) < 0) {
		config_report_add(found, PROBLEM_ERROR, &(struct place){0}, NULL,
				  "cannot be read: %s", strerror(errno));
		return -1;
	}
	plan->config = config_files_load(plan->files, source, found);
	return plan->config == NULL ? -1 : 0;
}

struct plan *plan_new(const struct warden_options *options, uid_t uid, char **report)
{
	const char *source = environment_or_file(options->config_path);
	struct plan *plan = calloc(1, sizeof(*plan));
	struct config_report *found = config_report_new();
	char problem[512] = "";

	*report = NULL;
	if (plan == NULL || found == NULL)
		goto fail;
	if (plan_read(plan, source, found) < 0) {
		*report = config_report_text(found, source);
		goto fail;
	}
	if (config_files_add_named(plan->files, plan->config, problem) < 0 ||
	    (!options->no_firewall && plan_derive(plan, options, uid, problem) < 0)) {
		if (asprintf(report, "%s\n", problem) < 0)
			*report = NULL;
		goto fail;
	}
	config_report_free(found);
	return plan;
fail:
	config_report_free(found);
	plan_free(plan);
	return NULL;
}

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	ruleset_clear(&plan->ruleset);
	config_unref(plan->config);
	config_files_free(plan->files);
	free(plan);
}
