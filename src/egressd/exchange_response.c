/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The response's way: from the origin, checked and cleaned, to the client. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"
#include "exchange_parts.h"
#include "proto/http_forward.h"

enum {
	EXCHANGE_READ_SIZE = 16 * 1024,
	EXCHANGE_INTERIM_MAX = 32,
};

static enum exchange_step exchange_flush_to_client(struct exchange *exchange)
{
	struct session *session = exchange->session;
	ssize_t sent = stream_write(&session->stream, buffer_start(&exchange->to_client),
				    buffer_len(&exchange->to_client));

	if (sent < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return EXCHANGE_WAIT;
		session_end(session, "client reset", true);
		return EXCHANGE_OVER;
	}
	buffer_consume(&exchange->to_client, (size_t)sent);
	exchange->active_at_ms = clock_monotonic_ms();
	return EXCHANGE_MOVED;
}

void exchange_note_origin(struct exchange *exchange, size_t len)
{
	struct session *session = exchange->session;

	session->record.received += len;
	exchange->active_at_ms = clock_monotonic_ms();
	stream_note_heard(&exchange->origin->stream, exchange->active_at_ms,
			  &session->record.lane->seen_at_ms);
}

/*
 * Takes what of bytes belongs to this response, without the chunk framing when the client does not
 * know it: moves it together and returns its length. -1: the body is not well-formed. Bytes behind
 * the end make the connection useless.
 */
static ssize_t exchange_filter_response(struct exchange *exchange, uint8_t *bytes, size_t len)
{
	size_t from = 0;
	size_t to = 0;

	for (;;) {
		size_t used = 0;
		enum http_body_event event = http_body_next(
			&exchange->response_body, (const char *)bytes + from, len - from, &used);

		if (event == HTTP_BODY_BAD)
			return -1;
		if (event == HTTP_BODY_MORE)
			return (ssize_t)to;
		if (event == HTTP_BODY_DONE) {
			exchange->response_done = true;
			exchange->origin_reusable &= from == len;
			return (ssize_t)to;
		}
		if (event == HTTP_BODY_CONTENT || !exchange->dechunk) {
			if (to != from)
				memmove(bytes + to, bytes + from, used);
			to += used;
		}
		from += used;
	}
}

static enum exchange_step exchange_receive_body(struct exchange *exchange)
{
	struct session *session = exchange->session;
	uint8_t *bytes = session->worker->scratch;
	ssize_t got = stream_read(&exchange->origin->stream, bytes, WORKER_SCRATCH_SIZE);
	ssize_t len;
	ssize_t sent;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return EXCHANGE_WAIT;
	if (got == 0 && http_body_end(&exchange->response_body)) {
		exchange->response_done = true;
		exchange->origin_reusable = false;
		return EXCHANGE_MOVED;
	}
	if (got <= 0)
		return exchange_fail(exchange, REFUSAL_ORIGIN_CLOSED,
				     "the origin cut its answer off");
	exchange->bulk = got == WORKER_SCRATCH_SIZE;
	exchange_note_origin(exchange, (size_t)got);
	len = exchange_filter_response(exchange, bytes, (size_t)got);
	if (len < 0)
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the answer's body is not well-formed");
	if (len == 0)
		return EXCHANGE_MOVED;
	sent = stream_write(&session->stream, bytes, (size_t)len);
	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		session_end(session, "client reset", true);
		return EXCHANGE_OVER;
	}
	if (sent < 0)
		sent = 0;
	if (buffer_append(&exchange->to_client, bytes + sent, (size_t)(len - sent)) < 0)
		return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
	return EXCHANGE_MOVED;
}

/* Queues a rewritten head for the client. False: it does not fit, or no memory. */
static bool exchange_queue_head(struct exchange *exchange, const struct http_response *response,
				enum http_framing framing)
{
	struct session *session = exchange->session;
	struct http_forward_options options = {.via = session->snapshot->config->add_via ? "egressd"
											 : NULL};
	struct text text;

	text_init(&text, (char *)session->worker->scratch, WORKER_SCRATCH_SIZE);
	http_write_response(response, framing, exchange->client_is_1_0 ? 0 : 1,
			    response->status >= 200 && exchange->closes_client, &options, &text);
	return !text.truncated && buffer_append(&exchange->to_client, text.bytes, text.len) == 0;
}

static enum exchange_step exchange_on_interim(struct exchange *exchange,
					      const struct http_response *response)
{
	if (++exchange->interim > EXCHANGE_INTERIM_MAX)
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the origin sends interim answers without end");
	/* RFC 9110 15.2: never to a 1.0 client. */
	if (!exchange->client_is_1_0 && !exchange_queue_head(exchange, response, HTTP_BODY_NONE))
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the answer's head is too long");
	buffer_consume(&exchange->from_origin, response->head.len);
	exchange->scanned = 0;
	return EXCHANGE_MOVED;
}

static enum exchange_step exchange_on_switch(struct exchange *exchange,
					     const struct http_response *response)
{
	size_t rest = buffer_len(&exchange->from_origin) - response->head.len;

	if (!exchange->upgrade_asked || !exchange->request_done ||
	    buffer_len(&exchange->to_origin) > 0)
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the origin switched protocols unasked");
	exchange->session->record.status = 101;
	if (!exchange_queue_head(exchange, response, HTTP_BODY_NONE) ||
	    buffer_append(&exchange->to_client,
			  buffer_start(&exchange->from_origin) + response->head.len, rest) < 0)
		return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
	return exchange_switch(exchange);
}

static void exchange_settle_framing(struct exchange *exchange, const struct http_response *response)
{
	const struct http_head *head = &response->head;

	http_body_init(&exchange->response_body, head);
	exchange->dechunk = head->framing == HTTP_BODY_CHUNKED && exchange->client_is_1_0;
	/* An early answer, to a request that is not read to its end, leaves no place for another.
	 */
	exchange->closes_client |= head->framing == HTTP_BODY_UNTIL_CLOSE || exchange->dechunk ||
				   !exchange->client_keeps_alive || !exchange->request_done ||
				   exchange->session->worker->draining;
	exchange->origin_reusable &= head->keep_alive && head->framing != HTTP_BODY_UNTIL_CLOSE;
	if (exchange_logs_connection_in(head, HTTP_NAME_WWW_AUTHENTICATE))
		exchange->origin_reusable = false;
}

static enum exchange_step exchange_on_final(struct exchange *exchange,
					    const struct http_response *response)
{
	struct buffer *from = &exchange->from_origin;
	enum http_framing framing = response->head.framing;
	size_t head_len = response->head.len;
	ssize_t len;

	exchange->session->record.status = response->status;
	exchange_settle_framing(exchange, response);
	if (!exchange_queue_head(exchange, response,
				 exchange->dechunk ? HTTP_BODY_UNTIL_CLOSE : framing))
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the answer's head is too long");
	exchange->answered = true;
	buffer_clear(&exchange->head);
	/* Head and first body bytes go in one write. */
	len = exchange_filter_response(exchange, buffer_start(from) + head_len,
				       buffer_len(from) - head_len);
	if (len < 0)
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the answer's body is not well-formed");
	if (buffer_append(&exchange->to_client, buffer_start(from) + head_len, (size_t)len) < 0)
		return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
	buffer_clear(from);
	return EXCHANGE_MOVED;
}

static enum exchange_step exchange_on_head(struct exchange *exchange, size_t head_len)
{
	struct http_response response;
	const char *problem = "";

	if (!http_parse_response((const char *)buffer_start(&exchange->from_origin), head_len,
				 exchange->is_head, &response, &problem))
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL, problem);
	if (response.status == 101)
		return exchange_on_switch(exchange, &response);
	if (response.status < 200)
		return exchange_on_interim(exchange, &response);
	return exchange_on_final(exchange, &response);
}

static enum exchange_step exchange_read_head(struct exchange *exchange)
{
	uint8_t *bytes = exchange->session->worker->scratch;
	ssize_t got = stream_read(&exchange->origin->stream, bytes, EXCHANGE_READ_SIZE);

	if (got > 0) {
		if (buffer_append(&exchange->from_origin, bytes, (size_t)got) < 0)
			return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
		exchange_note_origin(exchange, (size_t)got);
		return EXCHANGE_MOVED;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return EXCHANGE_WAIT;
	return exchange_on_origin_lost(exchange);
}

static enum exchange_step exchange_receive_head(struct exchange *exchange)
{
	size_t head_len = 0;

	if (buffer_len(&exchange->from_origin) == 0)
		return exchange_read_head(exchange);
	switch (http_head_find_end((const char *)buffer_start(&exchange->from_origin),
				   buffer_len(&exchange->from_origin), &exchange->scanned,
				   &head_len)) {
	case PARSE_DONE:
		return exchange_on_head(exchange, head_len);
	case PARSE_MORE:
		return exchange_read_head(exchange);
	case PARSE_BAD:
		break;
	}
	return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
			     "the origin does not speak HTTP/1.1");
}

enum exchange_step exchange_receive(struct exchange *exchange)
{
	if (buffer_len(&exchange->to_client) > 0)
		return exchange_flush_to_client(exchange);
	if (exchange->pipe != NULL || exchange_takes_pipe(exchange))
		return exchange_splice(exchange);
	if (exchange->response_done)
		return exchange_finish(exchange);
	if (!exchange->answered)
		return exchange_receive_head(exchange);
	return exchange_receive_body(exchange);
}
