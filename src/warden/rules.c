/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packet rules, as the warden has put them in. */
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "firewall/kernel.h"
#include "firewall/ruleset_text.h"

enum {
	RULES_OWNER_TRIES = 40,
	RULES_OWNER_WAIT_NS = 50 * 1000 * 1000,
};

struct warden_rules {
	struct firewall *firewall; /* NULL: off */
	const struct ruleset *wanted;
	struct warden_report report;
	warden_rules_changed_fn *changed;
	void *arg;
	char problem[FIREWALL_PROBLEM_SIZE];
};

struct warden_rules *warden_rules_new(bool off, warden_rules_changed_fn *changed, void *arg,
				      char problem[FIREWALL_PROBLEM_SIZE])
{
	struct warden_rules *rules = calloc(1, sizeof(*rules));

	if (rules == NULL) {
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "out of memory");
		return NULL;
	}
	rules->changed = changed;
	rules->arg = arg;
	rules->report.rules = off ? WARDEN_RULES_OFF : WARDEN_RULES_UNVERIFIED;
	if (off)
		return rules;
	rules->firewall = firewall_open(problem);
	if (rules->firewall == NULL) {
		free(rules);
		return NULL;
	}
	return rules;
}

void warden_rules_free(struct warden_rules *rules)
{
	if (rules == NULL)
		return;
	firewall_close(rules->firewall);
	free(rules);
}

void warden_rules_tell(struct warden_rules *rules)
{
	rules->changed(rules->arg, &rules->report);
}

static void report_log(const struct warden_report *report)
{
	static const char *const states[] = {[WARDEN_RULES_UNVERIFIED] = "unverified",
					     [WARDEN_RULES_VERIFIED] = "verified",
					     [WARDEN_RULES_OFF] = "off"};
	struct log_line line;

	log_begin(&line, report->rules == WARDEN_RULES_UNVERIFIED ? LOG_ERROR : LOG_INFO, "rules");
	log_field(&line, "state", states[report->rules]);
	log_field_number(&line, "rules", report->rule_count);
	log_field(&line, "owned", report->owned ? "yes" : "no");
	if (report->reason[0] != '\0')
		log_field(&line, "reason", report->reason);
	log_end(&line);
}

void warden_rules_set_state(struct warden_rules *rules, enum warden_rules_state state,
			    const char *reason)
{
	struct warden_report *report = &rules->report;
	int64_t now_ms = clock_wall_ms();

	if (report->rules != state)
		report->changed_at_ms = now_ms;
	report->rules = state;
	if (state == WARDEN_RULES_VERIFIED)
		report->verified_at_ms = now_ms;
	snprintf(report->reason, sizeof(report->reason), "%s", reason);
	report_log(report);
	warden_rules_tell(rules);
}

static void rules_count(struct warden_rules *rules)
{
	rules->report.tables = 1;
	rules->report.rule_count = 0;
	for (size_t i = 0; i < rules->wanted->chain_count; i++)
		rules->report.rule_count += (uint32_t)rules->wanted->chains[i].rule_count;
}

static void difference_ignore(void *arg, const char *words)
{
	(void)arg;
	(void)words;
}

static bool rules_are_in_force(const struct warden_rules *rules, const struct ruleset *ruleset)
{
	return rules->report.rules == WARDEN_RULES_VERIFIED &&
	       strcmp(rules->wanted->table, ruleset->table) == 0 &&
	       ruleset_diff(ruleset, rules->wanted, difference_ignore, NULL) == 0;
}

/* Whatever went wrong, what was wanted before is wanted still, and may have been changed by halves.
 */
static int rules_put_back(struct warden_rules *rules)
{
	char problem[FIREWALL_PROBLEM_SIZE];

	snprintf(problem, sizeof(problem), "%s", rules->problem);
	if (rules->wanted == NULL || firewall_apply(rules->firewall, rules->wanted, true,
						    &rules->report.owned) != FIREWALL_OK)
		warden_rules_set_state(rules, WARDEN_RULES_UNVERIFIED, problem);
	else
		warden_rules_set_state(rules, WARDEN_RULES_VERIFIED, "");
	return -1;
}

int warden_rules_put(struct warden_rules *rules, const struct ruleset *ruleset)
{
	if (rules->firewall == NULL) {
		rules->wanted = ruleset;
		return 0;
	}
	if (rules_are_in_force(rules, ruleset)) {
		rules->wanted = ruleset;
		return 0;
	}
	if (firewall_apply(rules->firewall, ruleset, true, &rules->report.owned) != FIREWALL_OK) {
		snprintf(rules->problem, sizeof(rules->problem), "%s",
			 firewall_problem(rules->firewall));
		return rules_put_back(rules);
	}
	rules->wanted = ruleset;
	rules_count(rules);
	warden_rules_set_state(rules, WARDEN_RULES_VERIFIED, "");
	return 0;
}

/* A table with an owner whose process is just ending may be ours in a moment. */
static bool rules_have_another_owner(struct warden_rules *rules, const char *table)
{
	struct ruleset found;
	bool owned;

	if (rules->firewall == NULL || firewall_read(rules->firewall, table, &found) != FIREWALL_OK)
		return false;
	owned = (found.flags & FIREWALL_TABLE_OWNER) != 0;
	ruleset_clear(&found);
	return owned;
}

int warden_rules_put_first(struct warden_rules *rules, const struct ruleset *ruleset)
{
	const struct timespec wait = {.tv_nsec = RULES_OWNER_WAIT_NS};

	for (int i = 0; i < RULES_OWNER_TRIES; i++) {
		if (warden_rules_put(rules, ruleset) == 0)
			return 0;
		if (!rules_have_another_owner(rules, ruleset->table))
			return -1;
		(void)nanosleep(&wait, NULL);
	}
	snprintf(rules->problem, sizeof(rules->problem),
		 "the table inet %s belongs to another process: is another egressd running in this "
		 "network namespace? End it first",
		 ruleset->table);
	return -1;
}

const char *warden_rules_problem(const struct warden_rules *rules)
{
	return rules->problem;
}

struct firewall *warden_rules_firewall(const struct warden_rules *rules)
{
	return rules->firewall;
}

const struct ruleset *warden_rules_wanted(const struct warden_rules *rules)
{
	return rules->wanted;
}

struct warden_report *warden_rules_report(struct warden_rules *rules)
{
	return &rules->report;
}
