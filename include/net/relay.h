/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Moves bytes between two streams until both directions have ended. Copies while reads are short,
 * splices in bulk; holds no buffer and no pipe while idle. Half-close passes as half-close, RST as
 * RST. One worker's thread.
 */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "base/compiler.h"
#include "net/stream.h"

struct relay;
struct relay_engine;
struct pipe_pool;
struct pooled_pipe;

enum relay_end {
	RELAY_DONE,         /* both directions ended in order */
	RELAY_CLIENT_RESET, /* the client's side broke */
	RELAY_ORIGIN_RESET, /* the origin's side broke */
	RELAY_NO_MEMORY,
};

typedef void relay_end_fn(struct relay *relay, enum relay_end end);

/* What a worker's relays share: the copy buffer and the pipes, which are
 * borrowed. NULL + errno. */
MUST_CHECK struct relay_engine *relay_engine_new(struct pipe_pool *pipes);
void relay_engine_free(struct relay_engine *engine);

/* One of the two equal sides: what is read from it goes to the other. */
struct relay_side {
	struct stream stream;
	struct relay *relay;
	struct relay_side *other;
	struct buffer held;       /* read here, not yet taken by the other side */
	struct pooled_pipe *pipe; /* the same in bulk, in the kernel; NULL when nothing is */
	uint64_t bytes;           /* read from this side */
	size_t burst;             /* spliced since it was last found empty */
	bool ended;               /* this side sent its end */
	bool bulk;                /* the last burst was large */
};

/* Zeroed is stopped. */
struct relay {
	struct relay_engine *engine;
	struct relay_side client, origin;
	relay_end_fn *on_end;
	int64_t *origin_seen_at_ms; /* when an origin was last heard (stream_note_heard); may be
				       shared by relays, or NULL */
	int64_t active_at_ms;       /* when bytes last moved */
};

/*
 * Starts; takes both streams, which are watched. from_client and from_origin are bytes already read
 * from each that go to the other first (taken over, left empty). Set origin_seen_at_ms before.
 * on_end is called once, maybe from inside relay_start; the streams are still open then and
 * relay_stop must follow.
 */
void relay_start(struct relay *relay, struct relay_engine *engine, struct stream client,
		 struct stream origin, struct buffer *from_client, struct buffer *from_origin,
		 relay_end_fn *on_end);

/* Gives everything back and closes both streams; with RST when reset is true. Safe on a stopped
 * relay. */
void relay_stop(struct relay *relay, bool reset);

#endif
