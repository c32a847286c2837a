/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request's way: from the client, as it comes, to the origin. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "egressd/protocol.h"
#include "egressd/worker.h"
#include "exchange_parts.h"

/* An origin may refuse the rest and still have answered: its answer counts, so go on listening. */
static enum exchange_step exchange_origin_refuses(struct exchange *exchange)
{
	exchange->origin_refuses = true;
	buffer_clear(&exchange->to_origin);
	return EXCHANGE_MOVED;
}

static enum exchange_step exchange_flush_to_origin(struct exchange *exchange)
{
	ssize_t sent = stream_write(&exchange->origin->stream, buffer_start(&exchange->to_origin),
				    buffer_len(&exchange->to_origin));

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? EXCHANGE_WAIT
							 : exchange_origin_refuses(exchange);
	buffer_consume(&exchange->to_origin, (size_t)sent);
	exchange->active_at_ms = clock_monotonic_ms();
	return EXCHANGE_MOVED;
}

/* How much of these bytes is this request's. -1: the body is not well-formed. Chunked bodies pass
 * as they came. */
static ssize_t exchange_measure_request(struct exchange *exchange, const char *bytes, size_t len)
{
	size_t total = 0;

	for (;;) {
		size_t used = 0;

		switch (http_body_next(&exchange->request_body, bytes + total, len - total,
				       &used)) {
		case HTTP_BODY_CONTENT:
		case HTTP_BODY_SYNTAX:
			total += used;
			break;
		case HTTP_BODY_DONE:
			exchange->request_done = true;
			return (ssize_t)total;
		case HTTP_BODY_MORE:
			return (ssize_t)total;
		case HTTP_BODY_BAD:
			return -1;
		}
	}
}

enum exchange_step exchange_pass_request(struct exchange *exchange, const uint8_t *bytes,
					 size_t len)
{
	ssize_t sent;

	exchange->active_at_ms = clock_monotonic_ms();
	if (len == 0)
		return EXCHANGE_MOVED;
	sent = stream_write(&exchange->origin->stream, bytes, len);
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return exchange_origin_refuses(exchange);
	if (sent < 0)
		sent = 0;
	if (buffer_append(&exchange->to_origin, bytes + sent, len - (size_t)sent) < 0)
		return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
	return EXCHANGE_MOVED;
}

static enum exchange_step exchange_pass_body(struct exchange *exchange, const uint8_t *bytes,
					     size_t len)
{
	exchange->session->record.sent += len;
	return exchange_pass_request(exchange, bytes, len);
}

static enum exchange_step exchange_send_input(struct exchange *exchange)
{
	struct buffer *input = &exchange->session->input;
	ssize_t len = exchange_measure_request(exchange, (const char *)buffer_start(input),
					       buffer_len(input));
	enum exchange_step step;

	if (len < 0)
		return exchange_fail(exchange, REFUSAL_BAD_REQUEST,
				     "the request's body is not well-formed");
	step = exchange_pass_body(exchange, buffer_start(input), (size_t)len);
	if (step != EXCHANGE_OVER && len > 0)
		buffer_consume(input, (size_t)len);
	return step;
}

static enum exchange_step exchange_send_fresh(struct exchange *exchange)
{
	struct session *session = exchange->session;
	uint8_t *bytes = session->worker->scratch;
	ssize_t got = stream_read(&session->stream, bytes, WORKER_SCRATCH_SIZE);
	ssize_t len;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return EXCHANGE_WAIT;
	if (got <= 0) {
		session_end(session, got == 0 ? "client closed" : "client reset", true);
		return EXCHANGE_OVER;
	}
	len = exchange_measure_request(exchange, (const char *)bytes, (size_t)got);
	if (len < 0)
		return exchange_fail(exchange, REFUSAL_BAD_REQUEST,
				     "the request's body is not well-formed");
	/* What follows is the next request. */
	if (buffer_append(&session->input, bytes + len, (size_t)(got - len)) < 0)
		return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
	return exchange_pass_body(exchange, bytes, (size_t)len);
}

enum exchange_step exchange_send(struct exchange *exchange)
{
	if (buffer_len(&exchange->to_origin) > 0)
		return exchange_flush_to_origin(exchange);
	if (exchange->request_done || exchange->origin_refuses)
		return EXCHANGE_WAIT;
	if (buffer_len(&exchange->session->input) > 0)
		return exchange_send_input(exchange);
	return exchange_send_fresh(exchange);
}
