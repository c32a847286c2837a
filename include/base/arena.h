/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is taken in pieces and given back all at once: what an immutable snapshot is made of.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/compiler.h"

struct arena_chunk;

/* Zero-initialised is empty. */
struct arena {
	struct arena_chunk *chunks;
};

/* Zeroed and aligned for any type. NULL + errno. */
MUST_CHECK void *arena_take(struct arena *arena, size_t size);

/* The same for count elements; refuses what would overflow. */
MUST_CHECK void *arena_take_array(struct arena *arena, size_t count, size_t size);

/* A copy with a NUL behind it. NULL + errno. */
MUST_CHECK char *arena_copy(struct arena *arena, const char *bytes, size_t len);

/* Frees everything that was taken. */
void arena_clear(struct arena *arena);

#endif
