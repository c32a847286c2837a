/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the policy file to its rules and the files it names. */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "config/environment.h"
#include "config/files.h"
#include "config/report.h"
#include "config/rules.h"
#include "firewall/kernel.h"
#include "warden/reading.h"

static struct firewall_rules *plan_derive(const struct plan *plan, const char *table,
					  const char **problem)
{
	struct firewall_rules *rules = calloc(1, sizeof(*rules));

	*problem = "out of memory";
	if (rules != NULL && firewall_derive(firewall_kind_of(&plan->policy), &plan->policy, table,
					     rules, problem) < 0) {
		plan_rules_free(rules);
		return NULL;
	}
	return rules;
}

void plan_rules_free(struct firewall_rules *rules)
{
	if (rules != NULL)
		firewall_rules_clear(rules);
	free(rules);
}

/* Strict rules name every link. Others do without: only the witness sees less, by a kind. */
static int plan_read_links(const struct plan *plan, struct firewall_links *links,
			   const char **problem)
{
	if (firewall_read_links(&plan->policy, links) == 0)
		return 0;
	*problem = errno == ENOSPC ? "there are more network devices here than it can name"
				   : "the network devices cannot be read";
	return -1;
}

int plan_renew(struct plan *plan, const char *table, struct firewall_rules **old,
	       const char **problem)
{
	struct firewall_links links, before = plan->links;
	struct firewall_rules *rules;

	*old = NULL;
	if (plan_read_links(plan, &links, problem) < 0)
		return plan->policy.strict ? -1 : 0;
	if (memcmp(&links, &before, sizeof(links)) == 0)
		return 0;
	plan->links = links;
	rules = plan_derive(plan, table, problem);
	if (rules == NULL) {
		plan->links = before;
		return -1;
	}
	*old = plan->rules;
	plan->rules = rules;
	return 0;
}

/* -1: strict rules cannot be without them. */
static int plan_take_links(struct plan *plan, const char **problem)
{
	if (plan_read_links(plan, &plan->links, problem) == 0)
		return 0;
	plan->links = (struct firewall_links){0};
	if (plan->policy.strict)
		return -1;
	log_warn("the witness sees no raw frames: %s", *problem);
	return 0;
}

static int plan_make_rules(struct plan *plan, const struct warden_options *options, uid_t uid,
			   char problem[512])
{
	const struct config_rules_options rules_options = {.uid = uid, .links = &plan->links};
	const char *why;

	plan->needs = config_rules_new(plan->config, &rules_options, &why);
	if (plan->needs != NULL) {
		plan->policy = *config_rules_policy(plan->needs);
		if (plan_take_links(plan, &why) == 0)
			plan->rules = plan_derive(plan, options->table, &why);
	}
	if (plan->rules != NULL)
		return 0;
	snprintf(problem, 512, "%s: there can be no packet rules for it: %s", plan->config->path,
		 why);
	return -1;
}

struct plan *plan_new(const struct warden_options *options, uid_t uid, struct reading_result *read,
		      char **report)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	char problem[512] = "";

	*report = NULL;
	if (plan == NULL || read->found == NULL)
		goto fail;
	if (read->config == NULL) {
		*report =
			config_report_text(read->found, environment_or_file(options->config_path));
		goto fail;
	}
	plan->config = read->config;
	plan->files = read->files;
	read->config = NULL;
	read->files = NULL;
	if (config_files_add_named(plan->files, plan->config, problem) == 0 &&
	    (options->no_firewall || plan_make_rules(plan, options, uid, problem) == 0))
		return plan;
	if (asprintf(report, "%s\n", problem) < 0)
		*report = NULL;
fail:
	plan_free(plan);
	return NULL;
}

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	plan_rules_free(plan->rules);
	config_rules_free(plan->needs);
	config_unref(plan->config);
	config_files_free(plan->files);
	free(plan);
}
