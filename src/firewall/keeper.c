/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps rulesets in the kernel: hears of changes, looks for what is not told, and puts it right. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
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
	free(keeper->kept);
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
	for (size_t i = 0; i < keeper->kept_count; i++)
		keeper->touched |= watch_message_names(message, keeper->kept[i].ruleset->table) ||
				   watch_message_names(message, keeper->kept[i].held.table);
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

/* Its place; the count when it is not kept. */
static size_t keeper_find(const struct keeper *keeper, const char *table)
{
	size_t i = 0;

	while (i < keeper->kept_count && strcmp(keeper->kept[i].ruleset->table, table) != 0)
		i++;
	return i;
}

void keeper_held_table(const char *table, char held[RULESET_NAME_SIZE])
{
	snprintf(held, RULESET_NAME_SIZE, "%.26s_held", table);
}

static void kept_hold(struct kept *kept)
{
	kept->held = *kept->ruleset;
	keeper_held_table(kept->ruleset->table, kept->held.table);
}

static enum firewall_result kept_apply(struct keeper *keeper, struct kept *kept)
{
	bool owned = false;
	enum firewall_result result =
		firewall_apply(keeper->firewall, kept->ruleset, keeper->options.own, &owned);

	if (result != FIREWALL_OK || !keeper->options.own || owned)
		return result;
	kept_hold(kept);
	result = firewall_apply_held(keeper->firewall, &kept->held);
	if (result != FIREWALL_ABSENT)
		return result;
	kept->held = (struct ruleset){0};
	return FIREWALL_OK;
}

void keeper_want(struct keeper *keeper, const struct ruleset *ruleset)
{
	size_t place = keeper_find(keeper, ruleset->table);
	struct kept *kept;

	if (place == keeper->kept_count)
		return;
	kept = &keeper->kept[place];
	kept->ruleset = ruleset;
	if (kept->held.table[0] != '\0')
		kept_hold(kept);
	keeper_look(keeper);
}

static int keeper_make_place(struct keeper *keeper)
{
	struct kept *kept = array_more(keeper->kept, keeper->kept_count, sizeof(*kept));

	if (kept == NULL) {
		socket_explain(keeper->problem, "the rules cannot be kept", errno, "memory");
		return -1;
	}
	keeper->kept = kept;
	return 0;
}

enum firewall_result keeper_put(struct keeper *keeper, const struct ruleset *ruleset)
{
	struct kept put = {.ruleset = ruleset};
	size_t place = keeper_find(keeper, ruleset->table);
	bool is_new = place == keeper->kept_count;

	/* The same is not put in anew: its counters go on. */
	if (!is_new && keeper->status.verified &&
	    ruleset_diff(ruleset, keeper->kept[place].ruleset, NULL, NULL) == 0) {
		keeper_want(keeper, ruleset);
		return FIREWALL_OK;
	}
	if (is_new && keeper_make_place(keeper) < 0)
		return FIREWALL_FAILED;
	if (kept_apply(keeper, &put) != FIREWALL_OK) {
		snprintf(keeper->problem, sizeof(keeper->problem), "%s",
			 firewall_problem(keeper->firewall));
		/* What was wanted before is wanted still, and may have been changed by halves. */
		if (!is_new)
			keeper_look(keeper);
		return FIREWALL_FAILED;
	}
	keeper->kept[place] = put;
	keeper->kept_count += is_new;
	keeper_look(keeper);
	return FIREWALL_OK;
}

enum firewall_result keeper_remove(struct keeper *keeper, const char *table)
{
	size_t place = keeper_find(keeper, table);
	struct kept *kept;

	if (place == keeper->kept_count)
		return FIREWALL_ABSENT;
	kept = &keeper->kept[place];
	if (firewall_remove(keeper->firewall, table) == FIREWALL_FAILED ||
	    (kept->held.table[0] != '\0' &&
	     firewall_remove(keeper->firewall, kept->held.table) == FIREWALL_FAILED))
		return FIREWALL_FAILED;
	*kept = keeper->kept[--keeper->kept_count];
	return FIREWALL_OK;
}
