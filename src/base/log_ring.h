/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finished lines on their way from the thread that logs to the one that writes: no lock, no wait.
 */
#ifndef BASE_LOG_RING_H
#define BASE_LOG_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* A new tunnel ends thousands of sessions in one turn, and each has a line of 300 bytes. */
	LOG_RING_SIZE = 512 * 1024,
};

/* All zero is an empty one. */
struct log_ring {
	struct log_ring *next; /* the sink's */
	_Atomic size_t put;    /* bytes since the start; the thread's own */
	_Atomic size_t taken;  /* the same, the writer's */
	_Atomic uint64_t lost; /* lines that found no room */
	char bytes[LOG_RING_SIZE];
};

/* By the thread. line ends with the only '\n' in it. False: no room, and it is counted. */
bool log_ring_put(struct log_ring *ring, const char *line, size_t len);

/* By the writer: as many whole lines as fit, oldest first; how many bytes that is. size is at least
 * that of a line. */
size_t log_ring_take(struct log_ring *ring, char *bytes, size_t size);

/* By the thread: is it time to write? */
bool log_ring_is_half_full(const struct log_ring *ring);

bool log_ring_is_empty(const struct log_ring *ring);

#endif
