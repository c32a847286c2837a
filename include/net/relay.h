/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Moves bytes between two streams until both directions have ended. Copies while reads are short,
 * splices in bulk; holds no buffer and no pipe while idle. Half-close passes as half-close, RST as
 * RST. One worker's thread.
 */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "net/stream.h"

struct relay_engine;

/* What a worker's relays share: the copy buffer, spare buffers and the pooled pipes. NULL + errno.
 */
MUST_CHECK struct relay_engine *relay_engine_new(struct event_base *base);
void relay_engine_free(struct relay_engine *engine);

enum relay_end {
	RELAY_DONE,         /* both directions ended in order */
	RELAY_CLIENT_RESET, /* the client's side broke */
	RELAY_ORIGIN_RESET, /* the origin's side broke */
	RELAY_NO_MEMORY,
};

struct relay;
typedef void relay_end_fn(struct relay *relay, enum relay_end end);

/* One of the two equal sides: what was read from it and where it goes is the other. */
struct relay_side {
	struct stream stream;
	struct event event;
	struct relay *relay;
	struct relay_side *other;
	uint8_t *held; /* read here, not yet written to the other side; from the engine, or NULL */
	uint32_t held_from, held_to;
	struct relay_pipe *pipe; /* in bulk: bytes are in it, or NULL */
	uint64_t bytes;          /* read from this side */
	bool ended;              /* this side sent its end */
	bool bulk;               /* the last read filled the buffer */
};

struct relay {
	struct relay_engine *engine;
	struct relay_side client, origin;
	relay_end_fn *on_end;
	int64_t active_at_ms; /* when bytes last moved */
	bool running;
};

/*
 * Starts; takes both streams. from_client and from_origin are bytes already read from each that go
 * to the other first (copied). on_end is called once, maybe from inside relay_start; the relay's
 * streams are still open then and relay_stop must follow. -1 + errno: nothing was taken.
 */
MUST_CHECK int relay_start(struct relay *relay, struct relay_engine *engine, struct stream client,
			   struct stream origin, const void *from_client, size_t from_client_len,
			   const void *from_origin, size_t from_origin_len, relay_end_fn *on_end);

/* Gives buffers and pipes back and closes both streams; with RST when reset is true. Safe on a
 * zeroed relay. */
void relay_stop(struct relay *relay, bool reset);

#endif
