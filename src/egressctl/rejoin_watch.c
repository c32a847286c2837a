/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl rejoin --watch: the same for ever. Says what it does, and what it cannot do, once. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "egressctl/command.h"
#include "egressctl/rejoin.h"

enum {
	LOOK_EVERY_MS = 5000, /* however quiet the engine is */
	LOOK_AGAIN_MS = 100,  /* and however much happens there */
	ASK_AGAIN_MS = 2000,
	RETRY_MIN_MS = 5000,
	RETRY_MAX_MS = 300000,
	/* When the engine was started anew beside running containers, what is mounted here is the
	 * socket of the old one: only a new start of this container mounts the new one. */
	SILENCE_MAX_MS = 300000,
	MEMORIES_MAX = 2 * ENGINE_LIST_MAX,
};

/* Of a container that is behind, or was a moment ago. */
struct memory {
	char id[ENGINE_ID_SIZE];
	enum rejoin_verdict said;
	int64_t retry_at_ms, delay_ms; /* however the last attempt ended */
};

struct watch {
	struct rejoin *rejoin;
	struct rejoin_list found;
	struct memory memories[MEMORIES_MAX];
	size_t memory_count;
	bool answered;        /* last time */
	int64_t silent_at_ms; /* since then it does not; 0: it does */
	char said[ENGINE_PROBLEM_SIZE];
};

static void watch_say(enum log_level level, const char *event, const struct rejoin_case *found,
		      const char *key, const char *value)
{
	struct log_line line;

	log_begin(&line, level, event);
	log_field(&line, "container", found->container.name);
	log_field(&line, "joins", found->owner);
	log_field(&line, key, value);
	log_end(&line);
}

static struct memory *watch_remember(struct watch *watch, const char *id)
{
	struct memory *memory;

	for (size_t i = 0; i < watch->memory_count; i++) {
		if (strcmp(watch->memories[i].id, id) == 0)
			return &watch->memories[i];
	}
	if (watch->memory_count == MEMORIES_MAX)
		watch->memory_count--;
	memory = &watch->memories[watch->memory_count++];
	*memory = (struct memory){.said = REJOIN_NOTHING, .delay_ms = RETRY_MIN_MS};
	snprintf(memory->id, sizeof(memory->id), "%s", id);
	return memory;
}

static bool watch_found(const struct watch *watch, const char *id)
{
	for (size_t i = 0; i < watch->found.count; i++) {
		if (strcmp(watch->found.cases[i].container.id, id) == 0)
			return true;
	}
	return false;
}

/* One that is behind again at once is not to be started again at once. */
static void watch_forget(struct watch *watch)
{
	int64_t now_ms = clock_monotonic_ms();
	size_t kept = 0;

	for (size_t i = 0; i < watch->memory_count; i++) {
		const struct memory *memory = &watch->memories[i];

		if (watch_found(watch, memory->id) ||
		    now_ms < memory->retry_at_ms + memory->delay_ms)
			watch->memories[kept++] = *memory;
	}
	watch->memory_count = kept;
}

static void watch_start(struct watch *watch, const struct rejoin_case *found, struct memory *memory)
{
	struct engine *engine = &watch->rejoin->engine;

	if (clock_monotonic_ms() < memory->retry_at_ms)
		return;
	if (engine_start(engine, found->container.id) == ENGINE_OK)
		watch_say(LOG_INFO, "started", found, "left", found->container.error);
	else
		watch_say(LOG_WARN, "not started", found, "problem", engine->problem);
	memory->retry_at_ms = clock_monotonic_ms() + memory->delay_ms;
	memory->delay_ms =
		2 * memory->delay_ms < RETRY_MAX_MS ? 2 * memory->delay_ms : RETRY_MAX_MS;
}

static void watch_treat(struct watch *watch, const struct rejoin_case *found)
{
	struct memory *memory = watch_remember(watch, found->container.id);
	bool said = memory->said == found->verdict;
	char cure[REJOIN_CURE_SIZE];

	memory->said = found->verdict;
	if (found->verdict == REJOIN_LEFT)
		watch_start(watch, found, memory);
	else if (found->verdict == REJOIN_ORPHANED && !said)
		watch_say(LOG_ERROR, "orphaned", found, "cure", rejoin_cure(found, cure));
	else if (!said)
		watch_say(LOG_INFO, "waits", found, "left", found->container.error);
}

/* True: it cannot be asked, for too long. */
static bool watch_on_silence(struct watch *watch)
{
	const char *problem = watch->rejoin->engine.problem;
	int64_t now_ms = clock_monotonic_ms();

	if (watch->silent_at_ms == 0)
		watch->silent_at_ms = now_ms;
	watch->answered = false;
	if (strcmp(watch->said, problem) != 0)
		log_error("%s", problem);
	snprintf(watch->said, sizeof(watch->said), "%s", problem);
	return now_ms - watch->silent_at_ms >= SILENCE_MAX_MS;
}

static void watch_on_answer(struct watch *watch)
{
	struct log_line line;

	if (!watch->answered) {
		log_begin(&line, LOG_INFO, "watching");
		log_field(&line, "project", watch->rejoin->project);
		log_field(&line, "engine", watch->rejoin->engine.socket_path);
		log_end(&line);
	}
	watch->answered = true;
	watch->silent_at_ms = 0;
	watch->said[0] = '\0';
}

/* As the first process of a container nothing ends it unless it says so. */
static void watch_on_signal(int number)
{
	(void)number;
	_exit(EXIT_YES);
}

static void watch_round(struct watch *watch)
{
	watch_on_answer(watch);
	watch_forget(watch);
	for (size_t i = 0; i < watch->found.count; i++)
		watch_treat(watch, &watch->found.cases[i]);
}

int rejoin_watch(struct rejoin *rejoin, bool json)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	bool given_up = watch == NULL;

	log_configure(LOG_INFO, json ? LOG_JSON : LOG_TEXT);
	signal(SIGTERM, watch_on_signal);
	signal(SIGINT, watch_on_signal);
	if (watch != NULL)
		watch->rejoin = rejoin;
	while (!given_up) {
		int64_t since_ms = clock_wall_ms();
		int pause_ms = ASK_AGAIN_MS;

		if (rejoin_find(rejoin, &watch->found) == ENGINE_OK) {
			watch_round(watch);
			/* Whoever starts may be the one that others wait for. */
			if (engine_await_start(&rejoin->engine, since_ms, LOOK_EVERY_MS) ==
			    ENGINE_OK)
				pause_ms = LOOK_AGAIN_MS;
		} else {
			given_up = watch_on_silence(watch);
		}
		(void)poll(NULL, 0, pause_ms);
	}
	free(watch);
	return EXIT_UNKNOWN;
}
