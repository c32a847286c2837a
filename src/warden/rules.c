/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packet rules, as the warden has put them in and keeps them. */
#include "rules.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "firewall/keeper.h"
#include "warden/warden.h"

enum {
	RULES_OWNER_TRIES = 40,
	RULES_OWNER_WAIT_NS = 50 * 1000 * 1000,
	/* Repairs are told together: somebody may break the rules all the time. */
	RULES_TELL_EVERY_MS = 500,
};

struct warden_rules {
	struct keeper *keeper; /* NULL: off */
	struct event event;    /* it has something to do */
	const struct firewall_rules *wanted;
	bool doubted; /* others should be */
	struct warden_report report;
	bool untold; /* of a repair */
	int64_t told_ms;
	warden_rules_changed_fn *changed;
	void *arg;
	void (*renew)(void *arg);
	void *renew_arg;
	char problem[FIREWALL_PROBLEM_SIZE];
};

static void rules_note(struct warden_rules *rules)
{
	const struct keeper_status *status = keeper_status(rules->keeper);

	rules->report.owned = status->owned;
	rules->report.held = status->held;
	rules->report.tables = rules->wanted == NULL ? 0 : (uint32_t)rules->wanted->count;
	if (status->verified)
		rules->report.verified_at_ms = status->checked_ms;
}

static void rules_on_repair(struct warden_rules *rules, const char *table, const char *words,
			    const char *by)
{
	struct warden_report *report = &rules->report;
	struct log_line line;

	report->repairs++;
	report->repaired_at_ms = clock_wall_ms();
	snprintf(report->reason, sizeof(report->reason), "%s", words);
	snprintf(report->by, sizeof(report->by), "%s", by);
	rules->untold = true;
	log_begin(&line, LOG_WARN, "rules repaired");
	log_field(&line, "table", table);
	log_field(&line, "reason", words);
	log_field(&line, "by", by[0] != '\0' ? by : "not told");
	log_end(&line);
}

void warden_rules_tell(struct warden_rules *rules)
{
	rules->untold = false;
	rules->told_ms = clock_monotonic_ms();
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
	log_field(&line, "owned", report->owned ? "yes" : report->held ? "a copy" : "no");
	if (report->rules == WARDEN_RULES_UNVERIFIED && report->reason[0] != '\0')
		log_field(&line, "reason", report->reason);
	log_end(&line);
}

static void rules_set_state(struct warden_rules *rules, enum warden_rules_state state,
			    const char *reason)
{
	struct warden_report *report = &rules->report;
	int64_t now_ms = clock_wall_ms();

	if (report->rules != state)
		report->changed_at_ms = now_ms;
	report->rules = state;
	if (state == WARDEN_RULES_VERIFIED)
		report->verified_at_ms = now_ms;
	/* It can be the one that is there. */
	if (reason != report->reason)
		snprintf(report->reason, sizeof(report->reason), "%s", reason);
	report_log(report);
	warden_rules_tell(rules);
}

/* Kept as wanted, and wanted for good reason. */
static void rules_set_verified(struct warden_rules *rules)
{
	if (keeper_status(rules->keeper)->verified && !rules->doubted)
		rules_set_state(rules, WARDEN_RULES_VERIFIED, rules->report.reason);
}

void warden_rules_doubt(struct warden_rules *rules, const char *problem)
{
	bool doubted = rules->doubted;

	rules->doubted = problem != NULL;
	if (problem != NULL && !doubted)
		rules_set_state(rules, WARDEN_RULES_UNVERIFIED, problem);
	else if (problem == NULL && doubted)
		rules_set_verified(rules);
}

static void rules_on_event(void *arg, enum keeper_event event, const char *table, const char *words,
			   const char *by)
{
	struct warden_rules *rules = arg;

	rules_note(rules);
	if (event == KEEPER_REPAIRED)
		rules_on_repair(rules, table, words, by);
	else if (event == KEEPER_FAILED)
		rules_set_state(rules, WARDEN_RULES_UNVERIFIED, words);
	else
		rules_set_verified(rules);
}

/* Again when the kernel tells something, or when the keeper's time has come. */
static void rules_rearm(struct warden_rules *rules)
{
	int wait_ms = keeper_wait_ms(rules->keeper);
	struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

	/* It fails only without memory. */
	if (event_add(&rules->event, &wait) < 0)
		abort();
}

static void rules_on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct warden_rules *rules = arg;

	(void)fd, (void)what;
	if (rules->renew != NULL)
		rules->renew(rules->renew_arg);
	keeper_run(rules->keeper);
	rules_note(rules);
	if (rules->untold && clock_monotonic_ms() >= rules->told_ms + RULES_TELL_EVERY_MS)
		warden_rules_tell(rules);
	rules_rearm(rules);
}

struct warden_rules *warden_rules_new(const struct warden_options *options, struct event_base *base,
				      warden_rules_changed_fn *changed, void *arg,
				      char problem[FIREWALL_PROBLEM_SIZE])
{
	struct warden_rules *rules = calloc(1, sizeof(*rules));
	struct keeper_options keeper = {
		.own = !options->no_owner, .on_event = rules_on_event, .arg = rules};

	if (rules == NULL) {
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "out of memory");
		return NULL;
	}
	rules->changed = changed;
	rules->arg = arg;
	rules->report.rules = options->no_firewall ? WARDEN_RULES_OFF : WARDEN_RULES_UNVERIFIED;
	if (options->no_firewall)
		return rules;
	rules->keeper = keeper_new(&keeper, problem);
	if (rules->keeper == NULL) {
		free(rules);
		return NULL;
	}
	event_assign(&rules->event, base, keeper_descriptor(rules->keeper), EV_READ, rules_on_wake,
		     rules);
	rules_rearm(rules);
	return rules;
}

void warden_rules_before_look(struct warden_rules *rules, void (*renew)(void *arg), void *arg)
{
	rules->renew = renew;
	rules->renew_arg = arg;
}

void warden_rules_free(struct warden_rules *rules)
{
	if (rules == NULL)
		return;
	if (rules->keeper != NULL)
		event_del(&rules->event);
	keeper_free(rules->keeper);
	free(rules);
}

static void rules_count(struct warden_rules *rules)
{
	rules->report.rule_count = 0;
	for (size_t i = 0; i < rules->wanted->count; i++) {
		const struct ruleset *ruleset = &rules->wanted->tables[i];

		for (size_t j = 0; j < ruleset->chain_count; j++)
			rules->report.rule_count += (uint32_t)ruleset->chains[j].rule_count;
	}
}

/* What has just been put: the keeper has told of a failure itself. */
static void rules_take(struct warden_rules *rules, const struct firewall_rules *wanted)
{
	rules->wanted = wanted;
	rules_count(rules);
	rules_note(rules);
	rules_set_verified(rules);
}

int warden_rules_put(struct warden_rules *rules, const struct firewall_rules *wanted)
{
	if (rules->keeper == NULL) {
		rules->wanted = wanted;
		return 0;
	}
	if (keeper_put(rules->keeper, wanted) != FIREWALL_OK) {
		snprintf(rules->problem, sizeof(rules->problem), "%s",
			 keeper_problem(rules->keeper));
		return -1;
	}
	rules_take(rules, wanted);
	return 0;
}

void warden_rules_want(struct warden_rules *rules, const struct firewall_rules *wanted)
{
	if (warden_rules_put(rules, wanted) == 0)
		return;
	keeper_want(rules->keeper, wanted);
	rules_take(rules, wanted);
}

/* A table with an owner whose process is just ending may be ours in a moment. */
static bool rules_have_another_owner(struct warden_rules *rules, const char *table)
{
	struct ruleset found;
	bool owned;

	if (firewall_read(keeper_firewall(rules->keeper), RULESET_INET, table, &found) !=
	    FIREWALL_OK)
		return false;
	owned = (found.flags & FIREWALL_TABLE_OWNER) != 0;
	ruleset_clear(&found);
	return owned;
}

int warden_rules_put_first(struct warden_rules *rules, const struct firewall_rules *wanted)
{
	const struct timespec wait = {.tv_nsec = RULES_OWNER_WAIT_NS};
	char held[RULESET_NAME_SIZE];

	for (int i = 0; i < RULES_OWNER_TRIES; i++) {
		if (warden_rules_put(rules, wanted) == 0)
			return 0;
		keeper_held_table(wanted->tables[0].table, held);
		if (!rules_have_another_owner(rules, wanted->tables[0].table) &&
		    !rules_have_another_owner(rules, held))
			return -1;
		(void)nanosleep(&wait, NULL);
	}
	snprintf(rules->problem, sizeof(rules->problem),
		 "the table inet %s belongs to another process: is another egressd running in this "
		 "network namespace? End it first",
		 wanted->tables[0].table);
	return -1;
}

const char *warden_rules_problem(const struct warden_rules *rules)
{
	return rules->problem;
}

struct warden_report *warden_rules_report(struct warden_rules *rules)
{
	return &rules->report;
}
