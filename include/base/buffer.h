/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes waiting: appended at the end, consumed at the front. Holds no memory while empty if
 * cleared. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Zeroed is empty and valid. */
struct buffer {
	uint8_t *bytes;
	size_t from, to; /* what waits is bytes[from .. to) */
	size_t size;
};

static inline size_t buffer_len(const struct buffer *buffer)
{
	return buffer->to - buffer->from;
}

static inline uint8_t *buffer_start(const struct buffer *buffer)
{
	return buffer->bytes + buffer->from;
}

/* -1 + ENOMEM. */
MUST_CHECK int buffer_append(struct buffer *buffer, const void *bytes, size_t len);

/* Drops len bytes at the front; frees the memory when none is left. */
void buffer_consume(struct buffer *buffer, size_t len);

/* Empties and frees. */
void buffer_clear(struct buffer *buffer);

#endif
