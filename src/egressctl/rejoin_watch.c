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
#include "engine/rejoin_memory.h"

enum {
	LOOK_EVERY_MS = 5000, /* however quiet the engine is */
	LOOK_AGAIN_MS = 100,  /* and however much happens there */
	ASK_AGAIN_MS = 2000,
	/* When the engine was started anew beside running containers, what is mounted here is the
	 * socket of the old one: only a new start of this container mounts the new one. */
	SILENCE_MAX_MS = 300000,
};

struct watch {
	struct rejoin *rejoin;
	struct rejoin_list found;
	struct rejoin_memories memories;
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

static void watch_start(struct watch *watch, const struct rejoin_case *found,
			struct rejoin_memory *memory)
{
	struct engine *engine = &watch->rejoin->engine;
	bool worked;

	if (!rejoin_may_start(memory, clock_monotonic_ms()))
		return;
	worked = engine_start(engine, found->container.id) == ENGINE_OK;
	if (worked)
		watch_say(LOG_INFO, "started", found, "left", found->container.error);
	else
		watch_say(LOG_WARN, "not started", found, "problem", engine->problem);
	rejoin_note_start(memory, worked, clock_monotonic_ms());
}

static void watch_treat(struct watch *watch, const struct rejoin_case *found)
{
	struct rejoin_memory *memory = rejoin_remember(&watch->memories, found->container.id);
	bool said = memory->said == found->verdict;
	char cure[REJOIN_CURE_SIZE];

	memory->said = found->verdict;
	if (found->verdict == REJOIN_WAITS)
		rejoin_note_absence(memory, clock_monotonic_ms());
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
	rejoin_forget(&watch->memories, &watch->found, clock_monotonic_ms());
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
	if (watch == NULL)
		log_error("out of memory");
	else
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
