/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was said and done of those left behind, so that nothing is said twice, and a start that
 * fails is not tried again at once. */
#ifndef ENGINE_REJOIN_MEMORY_H
#define ENGINE_REJOIN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/rejoin.h"

enum {
	REJOIN_RETRY_MIN_MS = 5000,
	REJOIN_RETRY_MAX_MS = 300000,
	REJOIN_MEMORIES_MAX = 2 * ENGINE_LIST_MAX,
};

struct rejoin_memory {
	char id[ENGINE_ID_SIZE];
	enum rejoin_verdict said;
	int64_t retry_at_ms, delay_ms;
};

/* Zeroed is empty and valid. */
struct rejoin_memories {
	size_t count;
	struct rejoin_memory memories[REJOIN_MEMORIES_MAX];
};

/* Of that container, made when there is none; valid until the next call. */
struct rejoin_memory *rejoin_remember(struct rejoin_memories *memories, const char *id);

bool rejoin_may_start(const struct rejoin_memory *memory, int64_t now_ms);

/* A start was tried. The next one may come after 5 s when it worked, else after twice as long as
 * before, 5 min at most. */
void rejoin_note_start(struct rejoin_memory *memory, bool worked, int64_t now_ms);

/* The one it waits for went away: when that comes, 5 s at most are waited for. */
void rejoin_note_absence(struct rejoin_memory *memory, int64_t now_ms);

/* Those that are behind no more; one that was started just now is remembered for its 5 s. */
void rejoin_forget(struct rejoin_memories *memories, const struct rejoin_list *behind,
		   int64_t now_ms);

#endif
