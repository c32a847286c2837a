/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list that is walked: there are a handful. */
#include "engine/rejoin_memory.h"

#include <stdio.h>
#include <string.h>

struct rejoin_memory *rejoin_remember(struct rejoin_memories *memories, const char *id)
{
	struct rejoin_memory *memory;

	for (size_t i = 0; i < memories->count; i++) {
		if (strcmp(memories->memories[i].id, id) == 0)
			return &memories->memories[i];
	}
	if (memories->count == REJOIN_MEMORIES_MAX)
		memories->count--;
	memory = &memories->memories[memories->count++];
	*memory = (struct rejoin_memory){.said = REJOIN_NOTHING, .retry_at_ms = INT64_MIN};
	snprintf(memory->id, sizeof(memory->id), "%s", id);
	return memory;
}

bool rejoin_may_start(const struct rejoin_memory *memory, int64_t now_ms)
{
	return now_ms >= memory->retry_at_ms;
}

void rejoin_note_start(struct rejoin_memory *memory, bool worked, int64_t now_ms)
{
	int64_t delay_ms = worked ? 0 : 2 * memory->delay_ms;

	if (delay_ms < REJOIN_RETRY_MIN_MS)
		delay_ms = REJOIN_RETRY_MIN_MS;
	if (delay_ms > REJOIN_RETRY_MAX_MS)
		delay_ms = REJOIN_RETRY_MAX_MS;
	memory->delay_ms = worked ? 0 : delay_ms;
	memory->retry_at_ms = now_ms + delay_ms;
}

void rejoin_note_absence(struct rejoin_memory *memory, int64_t now_ms)
{
	memory->delay_ms = 0;
	if (memory->retry_at_ms > now_ms + REJOIN_RETRY_MIN_MS)
		memory->retry_at_ms = now_ms + REJOIN_RETRY_MIN_MS;
}

static bool list_has(const struct rejoin_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->cases[i].container.id, id) == 0)
			return true;
	}
	return false;
}

void rejoin_forget(struct rejoin_memories *memories, const struct rejoin_list *behind,
		   int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < memories->count; i++) {
		const struct rejoin_memory *memory = &memories->memories[i];

		if (list_has(behind, memory->id) ||
		    (memory->delay_ms == 0 && !rejoin_may_start(memory, now_ms)))
			memories->memories[kept++] = *memory;
	}
	memories->count = kept;
}
