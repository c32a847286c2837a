/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of the gateway as it stands: its policy, the daemon, the rules. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/rules.h"
#include "doctor.h"
#include "egressctl/print.h"
#include "firewall/kernel.h"
#include "firewall/ruleset_text.h"

static void check_policy(const struct doctor *doctor, unsigned number,
			 struct doctor_finding *finding)
{
	(void)number;
	if (doctor->config != NULL) {
		doctor_find(finding, DOCTOR_OK, "%s can be loaded", doctor->config->path);
		return;
	}
	doctor_find(finding, DOCTOR_FAIL, "there is no policy file that can be loaded");
	doctor_cure(finding, "egressctl check says where it is wrong; --config names another");
}

static void check_daemon(const struct doctor *doctor, unsigned number,
			 struct doctor_finding *finding)
{
	(void)number;
	if (doctor->status != NULL) {
		doctor_find(finding, DOCTOR_OK, "egressd %.40s answers",
			    json_text(doctor->status, "version", "?"));
		return;
	}
	doctor_find(finding, DOCTOR_WARN, "no egressd answers");
	doctor_cure(finding, "start it; --socket names the socket of one that runs");
}

static void difference_keep(void *arg, const char *words)
{
	struct doctor_finding *finding = arg;

	if (finding->evidence[0] == '\0')
		doctor_find(finding, DOCTOR_FAIL, "not as the policy has them: %.300s", words);
}

static void table_compare(struct firewall *firewall, const struct ruleset *wanted,
			  struct doctor_finding *finding)
{
	struct ruleset found;

	switch (firewall_read(firewall, wanted->family, wanted->table, &found)) {
	case FIREWALL_OK:
		(void)ruleset_diff(wanted, &found, difference_keep, finding);
		ruleset_clear(&found);
		break;
	case FIREWALL_ABSENT:
		doctor_find(finding, DOCTOR_FAIL, "table %s %s is not there",
			    ruleset_family_name(wanted->family), wanted->table);
		break;
	default:
		doctor_find(finding, DOCTOR_UNKNOWN, "%s", firewall_problem(firewall));
		break;
	}
}

/* What the kernel has, against what the policy asks for. */
static void rules_compare(const struct firewall_policy *policy, struct doctor_finding *finding)
{
	char problem[FIREWALL_PROBLEM_SIZE];
	enum firewall_kind kind = firewall_kind_of(policy);
	struct firewall *firewall = firewall_open(problem);
	struct firewall_rules wanted = {0};
	const char *words;

	if (firewall == NULL) {
		doctor_find(finding, DOCTOR_UNKNOWN, "%s", problem);
		return;
	}
	if (firewall_derive(kind, policy, NULL, &wanted, &words) < 0)
		doctor_find(finding, DOCTOR_FAIL, "%s", words);
	for (size_t i = 0; i < wanted.count && finding->evidence[0] == '\0'; i++)
		table_compare(firewall, &wanted.tables[i], finding);
	if (finding->evidence[0] == '\0')
		doctor_find(finding, DOCTOR_OK, "the kernel has the policy's rules");
	if (finding->result == DOCTOR_FAIL)
		doctor_cure(finding,
			    "start egressd, which keeps them; or: egressctl rules apply %s",
			    kind == FIREWALL_HUB ? "hub" : "gateway");
	firewall_rules_clear(&wanted);
	firewall_close(firewall);
}

/* Without a daemon to ask. */
static void rules_read_back(const struct config *config, struct doctor_finding *finding)
{
	struct config_rules_options options = {.uid = FIREWALL_PROXY_UID, .bridge = ""};
	struct firewall_policy policy;
	struct firewall_links links;
	const char *problem;
	struct config_rules *needs = config_rules_new(config, &options, &problem);

	if (needs == NULL) {
		doctor_find(finding, DOCTOR_FAIL, "%s", problem);
		return;
	}
	policy = *config_rules_policy(needs);
	policy.links = &links;
	if (firewall_read_links(&policy, &links) < 0)
		doctor_find(finding, DOCTOR_UNKNOWN, "the devices cannot be listed");
	else
		rules_compare(&policy, finding);
	config_rules_free(needs);
}

static void check_rules(const struct doctor *doctor, unsigned number,
			struct doctor_finding *finding)
{
	const json_t *firewall = json_object_get(doctor->status, "firewall");
	const char *state = json_text(firewall, "state", "unverified");

	(void)number;
	if (doctor->status == NULL && doctor->config == NULL) {
		doctor_find(finding, DOCTOR_UNKNOWN, "neither a daemon nor a policy says which");
	} else if (doctor->status == NULL) {
		rules_read_back(doctor->config, finding);
	} else if (strcmp(state, "in force") == 0 && json_number(firewall, "repairs") == 0) {
		doctor_find(finding, DOCTOR_OK, "%s", json_text(firewall, "text", state));
	} else if (strcmp(state, "in force") == 0) {
		doctor_find(finding, DOCTOR_WARN, "%s; the last time, by %s: %.200s",
			    json_text(firewall, "text", state), json_text(firewall, "by", "?"),
			    json_text(firewall, "reason", "?"));
		doctor_cure(finding, "find out what changes the rules of others here, and why");
	} else {
		doctor_find(finding, strcmp(state, "off") == 0 ? DOCTOR_WARN : DOCTOR_FAIL, "%s",
			    json_text(firewall, "text", state));
		doctor_cure(finding, "egressd's log says why; without them only bound sockets and "
				     "Gluetun's firewall hold");
	}
}

const struct doctor_check doctor_gateway_checks[] = {
	{"policy", check_policy, 0},
	{"egressd", check_daemon, 0},
	{"rules", check_rules, 0},
	{0},
};
