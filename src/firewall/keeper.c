/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps rulesets in the kernel: hears of changes, looks for what is not told, and puts it right. */
#include "firewall/keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "firewall/ruleset_text.h"
#include "socket.h"
#include "watch.h"

enum {
	/* Between two looks, so that whoever changes things all the time does not keep us at it. */
	PAUSE_AFTER_CHANGE_MS = 20,
	PAUSE_WHEN_UNSURE_MS = 250,
	DRAIN_MAX = 256,
	EVENTS_SIZE = 64 * 1024,
	BY_SIZE = 64,
};

/* Why everything is to be read anew. */
enum doubt {
	DOUBT_NONE,
	DOUBT_UNSURE,  /* something changed, or may have, and nobody said what */
	DOUBT_CHANGED, /* a table of ours, as the kernel says */
};

struct keeper {
	struct keeper_options options;
	struct firewall *firewall; /* owns the tables */
	int events;
	const struct ruleset **kept;
	size_t kept_count;
	enum doubt doubt;
	uint32_t generation; /* up to this one nothing has happened to our tables */
	bool touched;        /* by what the next commit will put in force */
	int64_t ticked_ms, read_ms;
	char by[BY_SIZE]; /* who changed a table of ours last */
	struct keeper_status status;
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
	return firewall_problem(keeper->firewall);
}

int keeper_descriptor(const struct keeper *keeper)
{
	return keeper->events;
}

const struct keeper_status *keeper_status(const struct keeper *keeper)
{
	return &keeper->status;
}

/* --- what is found --- */

static void keeper_tell(const struct keeper *keeper, enum keeper_event event, const char *table,
			const char *words)
{
	if (keeper->options.on_event != NULL)
		keeper->options.on_event(keeper->options.arg, event, table, words,
					 event == KEEPER_REPAIRED ? keeper->by : "");
}

static void keeper_set_verified(struct keeper *keeper, bool verified)
{
	if (keeper->status.since_ms == 0 || keeper->status.verified != verified)
		keeper->status.since_ms = clock_wall_ms();
	keeper->status.verified = verified;
	if (verified)
		keeper->status.problem[0] = '\0';
}

static void keeper_fail(struct keeper *keeper, const char *table, const char *words)
{
	bool is_news = keeper->status.verified || keeper->status.since_ms == 0;

	keeper_set_verified(keeper, false);
	snprintf(keeper->status.problem, sizeof(keeper->status.problem), "%s", words);
	if (is_news)
		keeper_tell(keeper, KEEPER_FAILED, table, words);
}

/* The first difference, and how many more there are. */
struct differences {
	char first[KEEPER_WORDS_SIZE - 32];
	char words[KEEPER_WORDS_SIZE];
};

static void differences_take(void *arg, const char *words)
{
	struct differences *differences = arg;

	if (differences->first[0] == '\0')
		snprintf(differences->first, sizeof(differences->first), "%s", words);
}

/* FIREWALL_OK: it is as wanted; FIREWALL_ABSENT: it is not, and differences has the words. */
static enum firewall_result keeper_compare(struct keeper *keeper, const struct ruleset *wanted,
					   struct differences *differences)
{
	struct ruleset found;
	enum firewall_result result = firewall_read(keeper->firewall, wanted->table, &found);
	size_t count;
	bool owned;

	differences->first[0] = '\0';
	if (result == FIREWALL_ABSENT)
		snprintf(differences->words, sizeof(differences->words), "the table was gone");
	if (result != FIREWALL_OK)
		return result;
	owned = (found.flags & FIREWALL_TABLE_OWNER) != 0;
	count = ruleset_diff(wanted, &found, differences_take, differences);
	ruleset_clear(&found);
	if (count == 0) {
		keeper->status.owned &= owned;
		return FIREWALL_OK;
	}
	snprintf(differences->words, sizeof(differences->words), "%s", differences->first);
	if (count > 1)
		snprintf(differences->words, sizeof(differences->words), "%s (and %zu more)",
			 differences->first, count - 1);
	return FIREWALL_ABSENT;
}

static bool keeper_repair(struct keeper *keeper, const struct ruleset *wanted, const char *words)
{
	struct keeper_status *status = &keeper->status;
	bool owned;

	if (firewall_apply(keeper->firewall, wanted, keeper->options.own, &owned) != FIREWALL_OK) {
		keeper_fail(keeper, wanted->table, firewall_problem(keeper->firewall));
		return false;
	}
	status->owned &= owned;
	status->repairs++;
	status->repaired_ms = clock_wall_ms();
	snprintf(status->reason, sizeof(status->reason), "%s", words);
	keeper_tell(keeper, KEEPER_REPAIRED, wanted->table, words);
	return true;
}

/* False: it is not in force, or that cannot be told. */
static bool keeper_look_at(struct keeper *keeper, const struct ruleset *wanted)
{
	struct differences differences;

	switch (keeper_compare(keeper, wanted, &differences)) {
	case FIREWALL_OK:
		return true;
	case FIREWALL_ABSENT:
		return keeper_repair(keeper, wanted, differences.words);
	default:
		keeper_fail(keeper, wanted->table, firewall_problem(keeper->firewall));
		return false;
	}
}

static void keeper_look(struct keeper *keeper)
{
	bool was_failed = !keeper->status.verified && keeper->status.since_ms != 0, good = true;
	uint32_t generation = keeper->generation;

	/* From before the first look: what comes later is heard of, or found at the next tick. */
	if (firewall_generation(keeper->firewall, &generation) < 0)
		generation = keeper->generation;
	keeper->status.looks++;
	keeper->doubt = DOUBT_NONE;
	keeper->touched = false;
	keeper->status.owned = keeper->kept_count > 0;
	for (size_t i = 0; i < keeper->kept_count; i++)
		good &= keeper_look_at(keeper, keeper->kept[i]);
	keeper->by[0] = '\0';
	keeper->generation = generation;
	keeper->read_ms = keeper->ticked_ms = clock_monotonic_ms();
	keeper->status.checked_ms = clock_wall_ms();
	if (!good) {
		/* At the next tick, whether anything changes or not. */
		keeper->doubt = DOUBT_UNSURE;
		return;
	}
	keeper_set_verified(keeper, keeper->kept_count > 0);
	if (was_failed && keeper->kept_count > 0)
		keeper_tell(keeper, KEEPER_VERIFIED, keeper->kept[0]->table, "");
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
		keeper->touched |= watch_message_names(message, keeper->kept[i]->table);
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

	while (i < keeper->kept_count && strcmp(keeper->kept[i]->table, table) != 0)
		i++;
	return i;
}

enum firewall_result keeper_put(struct keeper *keeper, const struct ruleset *ruleset)
{
	size_t place = keeper_find(keeper, ruleset->table);

	if (place == keeper->kept_count) {
		const struct ruleset **kept = array_more(keeper->kept, place, sizeof(*kept));

		if (kept == NULL) {
			socket_explain(keeper->firewall->problem, "the rules cannot be kept", errno,
				       "memory");
			return FIREWALL_FAILED;
		}
		keeper->kept = kept;
	}
	if (firewall_apply(keeper->firewall, ruleset, keeper->options.own, NULL) != FIREWALL_OK) {
		keeper_doubt(keeper, DOUBT_CHANGED);
		return FIREWALL_FAILED;
	}
	keeper->kept[place] = ruleset;
	if (place == keeper->kept_count)
		keeper->kept_count++;
	keeper_look(keeper);
	return FIREWALL_OK;
}

enum firewall_result keeper_remove(struct keeper *keeper, const char *table)
{
	size_t place = keeper_find(keeper, table);

	if (place == keeper->kept_count)
		return FIREWALL_ABSENT;
	if (firewall_remove(keeper->firewall, table) == FIREWALL_FAILED)
		return FIREWALL_FAILED;
	keeper->kept[place] = keeper->kept[--keeper->kept_count];
	return FIREWALL_OK;
}
