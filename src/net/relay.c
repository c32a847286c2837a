/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay: written once for both directions. Reads top to bottom in the order a byte travels. */
#include "net/relay.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "net/pipe_pool.h"

enum {
	RELAY_BUFFER_SIZE = 64 * 1024,
	RELAY_BURST_SIZE = 32 * 1024, /* that come at once: worth a splice */
	RELAY_TURN_READS = 8,         /* reads of one direction before others get their turn */
};

struct relay_engine {
	struct pipe_pool *pipes;
	uint8_t buffer[RELAY_BUFFER_SIZE];
};

struct relay_engine *relay_engine_new(struct pipe_pool *pipes)
{
	struct relay_engine *engine = malloc(sizeof(*engine));

	if (engine != NULL)
		engine->pipes = pipes;
	return engine;
}

void relay_engine_free(struct relay_engine *engine)
{
	free(engine);
}

/* What became of one step of one direction. */
enum relay_step {
	RELAY_STEP_MORE,    /* go on */
	RELAY_STEP_WAIT,    /* nothing to do until an event */
	RELAY_STEP_BROKEN,  /* this side's stream is broken */
	RELAY_STEP_REFUSED, /* the other side's stream is broken */
	RELAY_STEP_NO_MEMORY,
};

static enum relay_step relay_write_error(void)
{
	return errno == EAGAIN || errno == EINTR ? RELAY_STEP_WAIT : RELAY_STEP_REFUSED;
}

static enum relay_step relay_read_error(void)
{
	return errno == EAGAIN || errno == EINTR ? RELAY_STEP_WAIT : RELAY_STEP_BROKEN;
}

static void relay_give_pipe(struct relay_side *side)
{
	if (side->pipe != NULL)
		pipe_pool_give(side->relay->engine->pipes, side->pipe);
	side->pipe = NULL;
}

static enum relay_step relay_flush_held(struct relay_side *side)
{
	while (buffer_len(&side->held) > 0) {
		ssize_t sent = stream_write(&side->other->stream, buffer_start(&side->held),
					    buffer_len(&side->held));

		if (sent < 0)
			return relay_write_error();
		buffer_consume(&side->held, (size_t)sent);
	}
	return RELAY_STEP_MORE;
}

static enum relay_step relay_flush_pipe(struct relay_side *side)
{
	while (side->pipe->bytes > 0) {
		ssize_t sent = stream_splice_out(&side->other->stream, side->pipe->read_fd,
						 side->pipe->bytes);

		if (sent < 0)
			return relay_write_error();
		side->pipe->bytes -= (size_t)sent;
	}
	return RELAY_STEP_MORE;
}

/* Flush first: spliced bytes would overtake the leftover of the handshake or of a short write. */
static enum relay_step relay_flush(struct relay_side *side)
{
	enum relay_step step = relay_flush_held(side);

	if (step == RELAY_STEP_MORE && side->pipe != NULL)
		step = relay_flush_pipe(side);
	return step;
}

static void relay_count(struct relay_side *side, size_t len)
{
	struct relay *relay = side->relay;

	side->bytes += len;
	relay->active_at_ms = clock_monotonic_ms();
	if (side == &relay->origin && relay->origin_seen_at_ms != NULL)
		stream_note_heard(&side->stream, relay->active_at_ms, relay->origin_seen_at_ms);
}

static bool relay_is_done(const struct relay *relay)
{
	return relay->client.ended && relay->origin.ended && buffer_len(&relay->client.held) == 0 &&
	       buffer_len(&relay->origin.held) == 0;
}

static enum relay_step relay_pass_end(struct relay_side *side)
{
	side->ended = true;
	relay_give_pipe(side);
	/* The last end is passed on by closing. */
	if (!relay_is_done(side->relay))
		stream_shutdown(&side->other->stream);
	return RELAY_STEP_WAIT;
}

static enum relay_step relay_copy(struct relay_side *side)
{
	uint8_t *bytes = side->relay->engine->buffer;
	ssize_t got = stream_read(&side->stream, bytes, RELAY_BUFFER_SIZE);
	ssize_t sent;

	if (got < 0)
		return relay_read_error();
	if (got == 0)
		return relay_pass_end(side);
	relay_count(side, (size_t)got);
	side->bulk = got == RELAY_BUFFER_SIZE;
	sent = stream_write(&side->other->stream, bytes, (size_t)got);
	if (sent < 0 && relay_write_error() == RELAY_STEP_REFUSED)
		return RELAY_STEP_REFUSED;
	if (sent < 0)
		sent = 0;
	if (sent < got && buffer_append(&side->held, bytes + sent, (size_t)(got - sent)) < 0)
		return RELAY_STEP_NO_MEMORY;
	return sent < got ? RELAY_STEP_WAIT : RELAY_STEP_MORE;
}

/* The next burst is likely to be like this one: a copy to find that out would cost the most. */
static void relay_end_burst(struct relay_side *side)
{
	relay_give_pipe(side);
	if (side->burst > 0)
		side->bulk = side->burst >= RELAY_BURST_SIZE;
	side->burst = 0;
}

static enum relay_step relay_splice(struct relay_side *side)
{
	ssize_t got = stream_splice_in(&side->stream, side->pipe->write_fd, side->pipe->size);

	if (got < 0) {
		enum relay_step step = relay_read_error();

		relay_end_burst(side);
		return step;
	}
	if (got == 0)
		return relay_pass_end(side);
	relay_count(side, (size_t)got);
	side->pipe->bytes = (size_t)got;
	side->burst += (size_t)got;
	return relay_flush_pipe(side);
}

/* After its FIN a side is not read any more: only this tells of a RST behind it. */
static enum relay_step relay_check_ended(struct relay_side *side)
{
	return stream_is_broken(&side->stream) ? RELAY_STEP_BROKEN : RELAY_STEP_WAIT;
}

static enum relay_step relay_read(struct relay_side *side)
{
	if (side->bulk && side->pipe == NULL && stream_is_bare(&side->stream) &&
	    stream_is_bare(&side->other->stream))
		side->pipe = pipe_pool_take(side->relay->engine->pipes);
	return side->pipe != NULL ? relay_splice(side) : relay_copy(side);
}

/* One direction's turn. */
static enum relay_step relay_move(struct relay_side *side)
{
	enum relay_step step = RELAY_STEP_MORE;

	for (int reads = 0; reads < RELAY_TURN_READS && step == RELAY_STEP_MORE; reads++) {
		step = relay_flush(side);
		if (step != RELAY_STEP_MORE)
			break;
		if (side->ended)
			return relay_check_ended(side);
		step = relay_read(side);
	}
	if (side->pipe != NULL && side->pipe->bytes == 0 && step != RELAY_STEP_MORE)
		relay_give_pipe(side);
	return step;
}

static void relay_finish(struct relay *relay, enum relay_end end)
{
	relay->on_end(relay, end);
}

/* true: the relay has ended and is gone. */
static bool relay_step_ends(struct relay_side *side, enum relay_step step)
{
	struct relay *relay = side->relay;
	bool client_broke = (step == RELAY_STEP_BROKEN) == (side == &relay->client);

	if (step == RELAY_STEP_NO_MEMORY) {
		relay_finish(relay, RELAY_NO_MEMORY);
		return true;
	}
	if (step == RELAY_STEP_BROKEN || step == RELAY_STEP_REFUSED) {
		relay_finish(relay, client_broke ? RELAY_CLIENT_RESET : RELAY_ORIGIN_RESET);
		return true;
	}
	if (step == RELAY_STEP_MORE)
		stream_wake(&side->stream);
	return false;
}

static void relay_take_turn(struct relay *relay)
{
	if (relay_step_ends(&relay->client, relay_move(&relay->client)))
		return;
	if (relay_step_ends(&relay->origin, relay_move(&relay->origin)))
		return;
	if (relay_is_done(relay))
		relay_finish(relay, RELAY_DONE);
}

/* An edge may mean either direction: readable here, or room for what the other side holds for us.
 * One busy relay never starves the others: when it has more to do, that waits for its next turn. */
static void relay_on_ready(void *arg)
{
	struct relay *relay = arg;

	if (!stream_is_queued(&relay->client.stream) && !stream_is_queued(&relay->origin.stream))
		relay_take_turn(relay);
}

static void relay_side_start(struct relay_side *side, struct relay *relay, struct relay_side *other,
			     struct stream stream, struct buffer *first)
{
	side->relay = relay;
	side->other = other;
	side->stream = stream;
	side->held = *first;
	side->bytes = buffer_len(first);
	*first = (struct buffer){0};
	stream_on_ready(&side->stream, relay_on_ready, relay);
}

void relay_start(struct relay *relay, struct relay_engine *engine, struct stream client,
		 struct stream origin, struct buffer *from_client, struct buffer *from_origin,
		 relay_end_fn *on_end)
{
	relay->engine = engine;
	relay->on_end = on_end;
	relay->active_at_ms = clock_monotonic_ms();
	relay_side_start(&relay->client, relay, &relay->origin, client, from_client);
	relay_side_start(&relay->origin, relay, &relay->client, origin, from_origin);
	relay_take_turn(relay);
}

static void relay_side_stop(struct relay_side *side, bool reset)
{
	relay_give_pipe(side);
	buffer_clear(&side->held);
	if (reset)
		stream_reset(&side->stream);
	else
		stream_close(&side->stream);
}

void relay_stop(struct relay *relay, bool reset)
{
	if (relay->engine == NULL)
		return;
	relay_side_stop(&relay->client, reset);
	relay_side_stop(&relay->origin, reset);
	relay->engine = NULL;
}
