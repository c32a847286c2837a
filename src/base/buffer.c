/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A queue of bytes. */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

enum {
	BUFFER_SMALLEST = 1024, /* a head, and what malloc keeps at hand */
};

/* Room for at least len more bytes. */
static uint8_t *buffer_reserve(struct buffer *buffer, size_t len)
{
	size_t waiting = buffer_len(buffer);
	size_t size = buffer->size < BUFFER_SMALLEST ? BUFFER_SMALLEST : buffer->size;
	uint8_t *bytes;

	if (buffer->size - buffer->to >= len)
		return buffer->bytes + buffer->to;
	if (buffer->size >= waiting + len) {
		memmove(buffer->bytes, buffer_start(buffer), waiting);
		buffer->from = 0;
		buffer->to = waiting;
		return buffer->bytes + waiting;
	}
	while (size < waiting + len)
		size *= 2;
	bytes = malloc(size);
	if (bytes == NULL)
		return NULL;
	if (waiting > 0)
		memcpy(bytes, buffer_start(buffer), waiting);
	free(buffer->bytes);
	*buffer = (struct buffer){.bytes = bytes, .to = waiting, .size = size};
	return bytes + waiting;
}

int buffer_append(struct buffer *buffer, const void *bytes, size_t len)
{
	uint8_t *room;

	if (len == 0)
		return 0;
	room = buffer_reserve(buffer, len);
	if (room == NULL)
		return -1;
	memcpy(room, bytes, len);
	buffer->to += len;
	return 0;
}

void buffer_consume(struct buffer *buffer, size_t len)
{
	buffer->from += len;
	if (buffer->from == buffer->to)
		buffer_clear(buffer);
}

void buffer_clear(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){0};
}
