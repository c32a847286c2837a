/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps rulesets in the kernel: hears of changes, looks for what is not told, and puts it right. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "firewall/ruleset_text.h"
#include "keeper_parts.h"
#include "socket.h"
#include "watch.h"

enum {
	/* Between two looks, so that whoever changes things all the time does not keep us at it. */
	PAUSE_AFTER_CHANGE_MS = 20,
	PAUSE_WHEN_UNSURE_MS = 250,
	DRAIN_MAX = 256,
	EVENTS_SIZE = 64 * 1024,
};

struct keeper *keeper_new(const struct keeper_options *options, char problem[FIREWALL_PROBLEM_SIZE])
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (keeper == NULL) {
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "out of memory");
		return NULL;
	}
	keeper->options = *options;
	keeper->events = -1;
	keeper->firewall = firewall_open(problem);
	if (keeper->firewall == NULL)
		goto fail;
	keeper->events = watch_open();
	if (keeper->events < 0) {
		socket_explain(problem, "changes of the packet rules cannot be watched", errno,
			       "nf_tables");
		goto fail;
	}
	return keeper;
fail:
	keeper_free(keeper);
	return NULL;
}

void keeper_free(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	fd_close(keeper->events);
	firewall_close(keeper->firewall);
	free(keeper);
}

const char *keeper_problem(const struct keeper *keeper)
{
	return keeper->problem;
}

struct firewall *keeper_firewall(const struct keeper *keeper)
{
	return keeper->firewall;
}

int keeper_descriptor(const struct keeper *keeper)
{
	return keeper->events;
}

const struct keeper_status *keeper_status(const struct keeper *keeper)
{
	return &keeper->status;
}

/* --- what is told, and what is due --- */

static void keeper_doubt(struct keeper *keeper, enum doubt doubt)
{
	if (keeper->doubt < doubt)
		keeper->doubt = doubt;
}

/* Commits count up by one; those that the last look has seen are old. */
static void keeper_on_commit(struct keeper *keeper, const struct watch_message *message)
{
	int32_t ahead = (int32_t)(message->generation - keeper->generation);

	if (ahead > 0 && keeper->touched) {
		snprintf(keeper->by, sizeof(keeper->by), "%s (pid %u of the host)",
			 message->program[0] != '\0' ? message->program : "?", message->pid);
		keeper_doubt(keeper, DOUBT_CHANGED);
	} else if (ahead == 1) {
		keeper->generation = message->generation;
	} else if (ahead > 1) {
		keeper_doubt(keeper, DOUBT_UNSURE);
	}
	keeper->touched = false;
}

static void keeper_on_message(struct keeper *keeper, const struct watch_message *message)
{
	if (message->kind == WATCH_COMMIT)
		keeper_on_commit(keeper, message);
	if (message->port == keeper->firewall->port)
		return;
	for (size_t i = 0; keeper->rules != NULL && i < keeper->rules->count; i++) {
		const struct ruleset *ruleset = &keeper->rules->tables[i];
		struct ruleset held = ruleset_held(ruleset);

		keeper->touched |= watch_message_names(message, ruleset->table) ||
				   watch_message_names(message, held.table);
	}
}

/* At most so many at once; what is left keeps the descriptor readable. */
static void keeper_drain(struct keeper *keeper)
{
	_Alignas(8) uint8_t bytes[EVENTS_SIZE];

	for (int i = 0; i < DRAIN_MAX; i++) {
		struct watch_message message;
		const uint8_t *at = bytes;
		ssize_t got = recv(keeper->events, bytes, sizeof(bytes), MSG_TRUNC);
		size_t len = got > 0 ? (size_t)got : 0;

		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		/* Some were lost (ENOBUFS), or this one is longer than it can be. */
		if (got < 0 || len > sizeof(bytes)) {
			keeper_doubt(keeper, DOUBT_UNSURE);
			continue;
		}
		while (watch_message_next(&at, &len, &message))
			keeper_on_message(keeper, &message);
	}
}

static int64_t keeper_due_ms(const struct keeper *keeper)
{
	int64_t due_ms = keeper->read_ms + KEEPER_READ_MS;

	if (keeper->doubt == DOUBT_CHANGED)
		return keeper->read_ms + PAUSE_AFTER_CHANGE_MS;
	if (keeper->doubt == DOUBT_UNSURE)
		return keeper->read_ms + PAUSE_WHEN_UNSURE_MS;
	return due_ms;
}

static void keeper_tick(struct keeper *keeper)
{
	uint32_t generation;

	keeper->ticked_ms = clock_monotonic_ms();
	keeper->status.checked_ms = clock_wall_ms();
	if (firewall_generation(keeper->firewall, &generation) < 0 ||
	    generation != keeper->generation)
		keeper_doubt(keeper, DOUBT_UNSURE);
}

int keeper_wait_ms(const struct keeper *keeper)
{
	int64_t tick_ms = keeper->ticked_ms + KEEPER_TICK_MS, due_ms = keeper_due_ms(keeper);
	int64_t wait_ms = (due_ms < tick_ms ? due_ms : tick_ms) - clock_monotonic_ms();

	return wait_ms > 0 ? (int)wait_ms : 0;
}

void keeper_run(struct keeper *keeper)
{
	keeper_drain(keeper);
	if (clock_monotonic_ms() >= keeper->ticked_ms + KEEPER_TICK_MS)
		keeper_tick(keeper);
	if (clock_monotonic_ms() >= keeper_due_ms(keeper))
		keeper_look(keeper);
}

/* --- what is kept --- */

static bool rules_have(const struct firewall_rules *rules, enum ruleset_family family)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->tables[i].family == family)
			return true;
	}
	return false;
}

static enum firewall_result table_apply(struct keeper *keeper, const struct ruleset *ruleset)
{
	struct ruleset held = ruleset_held(ruleset);
	bool owned = false;
	enum firewall_result result =
		firewall_apply(keeper->firewall, ruleset, keeper->options.own, &owned);

	if (result != FIREWALL_OK || !keeper->options.own || owned)
		return result;
	result = firewall_apply_held(keeper->firewall, &held);
	keeper->holds = result == FIREWALL_OK;
	return result == FIREWALL_FAILED ? FIREWALL_FAILED : FIREWALL_OK;
}

/* A table of a family that other rules had under this name, and these have not. */
static enum firewall_result tables_remove_others(struct keeper *keeper,
						 const struct firewall_rules *rules)
{
	static const enum ruleset_family families[] = {RULESET_INET, RULESET_NETDEV};
	char held[RULESET_NAME_SIZE];

	keeper_held_table(rules->tables[0].table, held);
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (rules_have(rules, families[i]))
			continue;
		if (firewall_remove(keeper->firewall, families[i], rules->tables[0].table) ==
			    FIREWALL_FAILED ||
		    (keeper->holds &&
		     firewall_remove(keeper->firewall, families[i], held) == FIREWALL_FAILED))
			return FIREWALL_FAILED;
	}
	return FIREWALL_OK;
}

static enum firewall_result rules_apply(struct keeper *keeper, const struct firewall_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (table_apply(keeper, &rules->tables[i]) != FIREWALL_OK)
			return FIREWALL_FAILED;
	}
	return tables_remove_others(keeper, rules);
}

static bool rules_equal(const struct firewall_rules *left, const struct firewall_rules *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++) {
		if (left->tables[i].family != right->tables[i].family ||
		    strcmp(left->tables[i].table, right->tables[i].table) != 0 ||
		    ruleset_diff(&left->tables[i], &right->tables[i], NULL, NULL) != 0)
			return false;
	}
	return true;
}

void keeper_want(struct keeper *keeper, const struct firewall_rules *rules)
{
	keeper->rules = rules;
	keeper_look(keeper);
}

enum firewall_result keeper_put(struct keeper *keeper, const struct firewall_rules *rules)
{
	/* The same are not put in anew: their counters go on. */
	bool same = keeper->rules != NULL && keeper->status.verified &&
		    rules_equal(rules, keeper->rules);

	if (!same && rules_apply(keeper, rules) != FIREWALL_OK) {
		snprintf(keeper->problem, sizeof(keeper->problem), "%s",
			 firewall_problem(keeper->firewall));
		/* What was wanted before is wanted still, and may have been changed by halves. */
		keeper_look(keeper);
		return FIREWALL_FAILED;
	}
	keeper_want(keeper, rules);
	return FIREWALL_OK;
}
