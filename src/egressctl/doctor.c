/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl doctor: a table of checks, each with what was seen and what to do about it. */
#include "doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/report.h"
#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

enum {
	EXIT_REFUSED = 4, /* as egressd's own: it must not run here, or does not protect */
};

static const struct {
	const char *name;
	enum style style;
	int exit_code;
} results[] = {
	[DOCTOR_SKIP] = {"skip", STYLE_DIM, EXIT_YES},
	[DOCTOR_OK] = {"ok", STYLE_GOOD, EXIT_YES},
	[DOCTOR_WARN] = {"warn", STYLE_WARN, EXIT_NO},
	[DOCTOR_UNKNOWN] = {"unknown", STYLE_WARN, EXIT_UNKNOWN},
	[DOCTOR_FAIL] = {"fail", STYLE_BAD, EXIT_REFUSED},
};

static const char *const tier_words[] = {
	[TIER_FULL] = "all of it is there",
	[TIER_REDUCED] = "egressd keeps its promise here, with less behind it to catch a mistake",
	[TIER_REFUSED] = "egressd refuses to run here: see what failed",
	[TIER_UNKNOWN] = "it could not be told: see what is unknown",
};

void doctor_find(struct doctor_finding *finding, enum doctor_result result, const char *format, ...)
{
	va_list args;

	finding->result = result;
	va_start(args, format);
	vsnprintf(finding->evidence, sizeof(finding->evidence), format, args);
	va_end(args);
}

void doctor_cure(struct doctor_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->cure, sizeof(finding->cure), format, args);
	va_end(args);
}

/* Where to, and how bad it is so far. */
struct visit {
	const struct doctor *doctor;
	json_t *list; /* NULL: print for people */
	enum doctor_result worst;
};

static void finding_print(const char *name, const struct doctor_finding *finding)
{
	const char *cure = finding->cure;

	printf("  %s%-7s%s  %-12s ", style_on(results[finding->result].style),
	       results[finding->result].name, style_off(), name);
	print_clean(finding->evidence);
	putchar('\n');
	while (*cure != '\0') {
		int len = (int)strcspn(cure, "\n");
		char line[DOCTOR_TEXT_SIZE];

		snprintf(line, sizeof(line), "%.*s", len, cure);
		printf("%25s", cure == finding->cure ? "> " : "");
		print_clean(line);
		putchar('\n');
		cure += len + (cure[len] == '\n');
	}
}

static void visit_checks(struct visit *visit, const struct doctor_check *checks)
{
	for (; checks->name != NULL; checks++) {
		struct doctor_finding finding = {0};

		checks->look(visit->doctor, checks->number, &finding);
		if (finding.result > visit->worst)
			visit->worst = finding.result;
		if (visit->list == NULL)
			finding_print(checks->name, &finding);
		else
			json_array_append_new(
				visit->list, json_pack("{s:s, s:s, s:o, s:o}", "name", checks->name,
						       "result", results[finding.result].name,
						       "evidence", json_words(finding.evidence),
						       "cure", json_words(finding.cure)));
	}
}

/* What is looked at beside egressd, before it is there, and on the host: NULL ends each. */
static const struct doctor_check *const gateway_lists[] = {
	doctor_kernel_checks,   doctor_system_checks, doctor_gateway_checks, doctor_network_checks,
	doctor_listener_checks, doctor_tunnel_checks, doctor_app_checks,     NULL,
};
static const struct doctor_check *const preflight_lists[] = {doctor_kernel_checks, NULL};
static const struct doctor_check *const host_lists[] = {doctor_kernel_checks, doctor_host_checks,
							NULL};

static int visit_run(const struct invocation *invocation, const struct doctor *doctor,
		     const struct doctor_check *const *lists)
{
	struct visit visit = {.doctor = doctor,
			      .list = invocation->json ? json_array() : NULL,
			      .worst = DOCTOR_OK};
	enum firewall_tier tier = firewall_features_tier(&doctor->features);

	for (size_t i = 0; lists[i] != NULL; i++)
		visit_checks(&visit, lists[i]);
	if (visit.list != NULL)
		command_print_json(json_pack("{s:s, s:s, s:o}", "tier", firewall_tier_name(tier),
					     "result", results[visit.worst].name, "checks",
					     visit.list));
	else
		printf("\n  this machine: %s%s%s; %s\n", style_on(STYLE_BOLD),
		       firewall_tier_name(tier), style_off(), tier_words[tier]);
	return results[visit.worst].exit_code;
}

/* Quietly: the checks say what it means that there is none. */
static struct config *policy_read(const struct invocation *invocation)
{
	struct config_report *report = config_report_new();
	struct config *config = NULL;

	if (report != NULL)
		config = config_load(invocation->config_path, report);
	config_report_free(report);
	return config;
}

int command_doctor(struct invocation *invocation)
{
	bool preflight = false, host = false;
	const struct command_option own[] = {
		{"preflight", .flag = &preflight}, {"host", .flag = &host}, {0}};
	struct control_answer answer = {0};
	struct doctor doctor = {0};
	struct config *config;
	int code;

	if (!command_options(invocation, own) || invocation->argc != 0 || (preflight && host))
		return EXIT_USAGE;
	firewall_features_try(&doctor.features);
	if (preflight || host)
		return visit_run(invocation, &doctor, host ? host_lists : preflight_lists);
	if (network_read(-1, &doctor.network) < 0)
		doctor.network_error = errno;
	config = policy_read(invocation);
	doctor.config = config;
	if (control_call(invocation->socket_path, "GET", "/v1/status", NULL, &answer) == 0 &&
	    answer.status == 200)
		doctor.status = answer.body;
	code = visit_run(invocation, &doctor, gateway_lists);
	control_answer_clear(&answer);
	if (config != NULL)
		config_unref(config);
	return code;
}
