/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the relays of one worker share. Private to the relay. */
#ifndef NET_RELAY_ENGINE_H
#define NET_RELAY_ENGINE_H

#include "net/relay.h"

enum {
	RELAY_BUFFER_SIZE = 64 * 1024,
	RELAY_PIPE_SIZE = 1024 * 1024,
	RELAY_PIPE_USEFUL = 256 * 1024, /* a smaller pipe costs more than copying */
};

struct relay_pipe {
	int read_fd, write_fd;
	size_t size;
	size_t bytes; /* waiting in it */
	SLIST_ENTRY(relay_pipe) link;
};

struct relay_engine {
	SLIST_HEAD(, relay_pipe) pipes; /* spare and empty */
	unsigned pipe_count, pipes_max;
	uint8_t buffer[RELAY_BUFFER_SIZE];
};

/* An empty pipe of useful size, or NULL: copy instead. */
struct relay_pipe *relay_engine_take_pipe(struct relay_engine *engine);

/* Back to the spares; one that still holds bytes is closed, so that no byte ever reaches another
 * session. */
void relay_engine_give_pipe(struct relay_engine *engine, struct relay_pipe *pipe);

#endif
