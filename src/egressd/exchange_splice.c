/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long content on its way from the origin to the client without passing through our memory. */
#include <errno.h>

#include "base/clock.h"
#include "egressd/protocol.h"
#include "egressd/worker.h"
#include "exchange_parts.h"
#include "net/pipe_pool.h"

enum {
	EXCHANGE_SPLICE_LEAST = 128 * 1024, /* what is left must be worth a pipe */
};

bool exchange_takes_pipe(struct exchange *exchange)
{
	struct session *session = exchange->session;

	if (!exchange->bulk || exchange->response_done ||
	    http_body_content_left(&exchange->response_body) < EXCHANGE_SPLICE_LEAST ||
	    !stream_is_bare(&session->stream) || !stream_is_bare(&exchange->origin->stream))
		return false;
	exchange->pipe = pipe_pool_take(session->worker->pipes);
	return exchange->pipe != NULL;
}

void exchange_give_pipe(struct exchange *exchange)
{
	if (exchange->pipe != NULL)
		pipe_pool_give(exchange->session->worker->pipes, exchange->pipe);
	exchange->pipe = NULL;
}

/* No byte of it is here, and none is needed. */
static void exchange_count_content(struct exchange *exchange, size_t len)
{
	size_t used;

	(void)http_body_next(&exchange->response_body, "", len, &used);
	exchange->response_done =
		http_body_next(&exchange->response_body, "", 0, &used) == HTTP_BODY_DONE;
}

static enum exchange_step exchange_splice_out(struct exchange *exchange)
{
	struct session *session = exchange->session;
	struct pooled_pipe *pipe = exchange->pipe;
	ssize_t sent = stream_splice_out(&session->stream, pipe->read_fd, pipe->bytes);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return EXCHANGE_WAIT;
	if (sent < 0) {
		session_end(session, "client reset", true);
		return EXCHANGE_OVER;
	}
	pipe->bytes -= (size_t)sent;
	exchange->active_at_ms = clock_monotonic_ms();
	if (pipe->bytes == 0 &&
	    (!exchange->bulk || http_body_content_left(&exchange->response_body) == 0))
		exchange_give_pipe(exchange);
	return EXCHANGE_MOVED;
}

enum exchange_step exchange_splice(struct exchange *exchange)
{
	struct pooled_pipe *pipe = exchange->pipe;
	uint64_t left = http_body_content_left(&exchange->response_body);
	ssize_t got;

	if (pipe->bytes > 0)
		return exchange_splice_out(exchange);
	got = stream_splice_in(&exchange->origin->stream, pipe->write_fd,
			       left < pipe->size ? (size_t)left : pipe->size);
	if (got <= 0) {
		exchange->bulk = false;
		exchange_give_pipe(exchange);
	}
	/* Whoever reads next is told of the end. */
	if (got == 0)
		return EXCHANGE_MOVED;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return EXCHANGE_WAIT;
	/* The kernel tells of a reset only once. */
	if (got < 0)
		return exchange_fail(exchange, REFUSAL_ORIGIN_CLOSED,
				     "the origin cut its answer off");
	pipe->bytes = (size_t)got;
	exchange->bulk = got >= WORKER_SCRATCH_SIZE;
	exchange_note_origin(exchange, (size_t)got);
	exchange_count_content(exchange, (size_t)got);
	return exchange_splice_out(exchange);
}
