/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay: written once for both directions. Reads top to bottom in the order a byte travels. */
#include "net/relay.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "relay_engine.h"

enum {
	RELAY_TURN_READS = 8, /* reads of one direction before others get their turn */
};

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
		relay_engine_give_pipe(side->relay->engine, side->pipe);
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
		ssize_t sent = splice(side->pipe->read_fd, NULL, side->other->stream.fd, NULL,
				      side->pipe->bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

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

static enum relay_step relay_pass_end(struct relay_side *side)
{
	side->ended = true;
	relay_give_pipe(side);
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

static enum relay_step relay_splice(struct relay_side *side)
{
	ssize_t got = splice(side->stream.fd, NULL, side->pipe->write_fd, NULL, side->pipe->size,
			     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (got < 0) {
		enum relay_step step = relay_read_error();

		relay_give_pipe(side);
		side->bulk = false;
		return step;
	}
	if (got == 0)
		return relay_pass_end(side);
	relay_count(side, (size_t)got);
	side->pipe->bytes = (size_t)got;
	side->bulk = got >= RELAY_BUFFER_SIZE;
	return relay_flush_pipe(side);
}

/* After its FIN a side is not read any more: only this tells of a RST behind it. */
static enum relay_step relay_check_ended(struct relay_side *side)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(side->stream.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0)
		return RELAY_STEP_BROKEN;
	return RELAY_STEP_WAIT;
}

static enum relay_step relay_read(struct relay_side *side)
{
	if (side->bulk && side->pipe == NULL && stream_is_bare(&side->stream) &&
	    stream_is_bare(&side->other->stream))
		side->pipe = relay_engine_take_pipe(side->relay->engine);
	if (side->pipe != NULL && !side->bulk)
		relay_give_pipe(side);
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

static bool relay_is_done(const struct relay *relay)
{
	return relay->client.ended && relay->origin.ended && buffer_len(&relay->client.held) == 0 &&
	       buffer_len(&relay->origin.held) == 0;
}

static void relay_finish(struct relay *relay, enum relay_end end)
{
	relay->running = false;
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
		relay_engine_queue(relay->engine, relay);
	return false;
}

void relay_take_turn(struct relay *relay)
{
	if (!relay->running)
		return;
	if (relay_step_ends(&relay->client, relay_move(&relay->client)))
		return;
	if (relay_step_ends(&relay->origin, relay_move(&relay->origin)))
		return;
	if (relay_is_done(relay))
		relay_finish(relay, RELAY_DONE);
}

static void relay_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct relay_side *side = arg;

	(void)fd;
	(void)what;
	/* An edge may mean either direction: readable here, or room for what the other side holds
	 * for us. */
	if (!side->relay->waiting)
		relay_take_turn(side->relay);
}

static int relay_side_start(struct relay_side *side, struct relay *relay, struct relay_side *other,
			    struct stream stream)
{
	side->relay = relay;
	side->other = other;
	side->stream = stream;
	return event_assign(&side->event, relay->engine->base, stream.fd,
			    EV_READ | EV_WRITE | EV_ET | EV_PERSIST, relay_on_ready, side);
}

int relay_start(struct relay *relay, struct relay_engine *engine, struct stream client,
		struct stream origin, struct buffer *from_client, struct buffer *from_origin,
		relay_end_fn *on_end)
{
	relay->engine = engine;
	relay->on_end = on_end;
	relay->active_at_ms = clock_monotonic_ms();
	if (relay_side_start(&relay->client, relay, &relay->origin, client) < 0 ||
	    relay_side_start(&relay->origin, relay, &relay->client, origin) < 0 ||
	    event_add(&relay->client.event, NULL) < 0)
		goto fail;
	if (event_add(&relay->origin.event, NULL) < 0) {
		event_del(&relay->client.event);
		goto fail;
	}
	relay->running = true;
	relay->client.held = *from_client;
	relay->origin.held = *from_origin;
	relay->client.bytes = buffer_len(from_client);
	relay->origin.bytes = buffer_len(from_origin);
	*from_client = (struct buffer){0};
	*from_origin = (struct buffer){0};
	relay_take_turn(relay);
	return 0;
fail:
	memset(relay, 0, sizeof(*relay));
	errno = ENOMEM;
	return -1;
}

static void relay_side_stop(struct relay_side *side, bool reset)
{
	event_del(&side->event);
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
	relay->running = false;
	if (relay->waiting)
		TAILQ_REMOVE(&relay->engine->waiting, relay, link);
	relay->waiting = false;
	relay_side_stop(&relay->client, reset);
	relay_side_stop(&relay->origin, reset);
	relay->engine = NULL;
}
