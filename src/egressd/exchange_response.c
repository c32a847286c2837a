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
	/* In front of what is read there is room for the head as it is written anew. */
	EXCHANGE_READ_AT = WORKER_SCRATCH_SIZE - EXCHANGE_READ_SIZE,
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

/* What the client does not take now waits. */
static enum exchange_step exchange_pass_response(struct exchange *exchange, const void *bytes,
						 size_t len)
{
	struct session *session = exchange->session;
	ssize_t sent = stream_write(&session->stream, bytes, len);

	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		session_end(session, "client reset", true);
		return EXCHANGE_OVER;
	}
	if (sent < 0)
		sent = 0;
	if (buffer_append(&exchange->to_client, (const uint8_t *)bytes + sent, len - (size_t)sent) <
	    0)
		return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
	return EXCHANGE_MOVED;
}

static enum exchange_step exchange_receive_body(struct exchange *exchange)
{
	uint8_t *bytes = exchange->session->worker->scratch;
	ssize_t got = stream_read(&exchange->origin->stream, bytes, WORKER_SCRATCH_SIZE);
	ssize_t len;

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
	return len == 0 ? EXCHANGE_MOVED : exchange_pass_response(exchange, bytes, (size_t)len);
}

/* The head for the client, at the start of the scratch. False: it is too long. */
static bool exchange_write_response(struct exchange *exchange, const struct http_response *response,
				    enum http_framing framing, struct text *text)
{
	struct session *session = exchange->session;
	struct http_forward_options options = {.via = session->snapshot->config->add_via ? "egressd"
											 : NULL};

	text_init(text, (char *)session->worker->scratch, EXCHANGE_READ_AT);
	http_write_response(response, framing, exchange->client_is_1_0 ? 0 : 1,
			    response->status >= 200 && exchange->closes_client, &options, text);
	return !text->truncated;
}

/* rest: what came behind the head, maybe the next one. */
static enum exchange_step exchange_on_interim(struct exchange *exchange,
					      const struct http_response *response,
					      struct span rest)
{
	enum exchange_step step = EXCHANGE_MOVED;
	struct text text;

	if (++exchange->interim > EXCHANGE_INTERIM_MAX)
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the origin sends interim answers without end");
	/* RFC 9110 15.2: never to a 1.0 client. */
	if (!exchange->client_is_1_0) {
		if (!exchange_write_response(exchange, response, HTTP_BODY_NONE, &text))
			return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
					     "the answer's head is too long");
		step = exchange_pass_response(exchange, text.bytes, text.len);
	}
	if (step == EXCHANGE_OVER)
		return step;
	exchange->scanned = 0;
	if (buffer_len(&exchange->from_origin) > 0)
		buffer_consume(&exchange->from_origin, response->head.len);
	else if (buffer_append(&exchange->from_origin, rest.bytes, rest.len) < 0)
		return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
	return step;
}

/* All that came goes by the relay, which counts it. */
static enum exchange_step exchange_on_switch(struct exchange *exchange,
					     const struct http_response *response, struct span rest)
{
	struct buffer *to_client = &exchange->to_client;
	struct text text;

	if (!exchange->upgrade_asked || !exchange->request_done ||
	    buffer_len(&exchange->to_origin) > 0)
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the origin switched protocols unasked");
	exchange->session->record.status = 101;
	if (!exchange_write_response(exchange, response, HTTP_BODY_NONE, &text) ||
	    buffer_append(to_client, text.bytes, text.len) < 0 ||
	    buffer_append(to_client, rest.bytes, rest.len) < 0)
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
					    const struct http_response *response, uint8_t *body,
					    size_t len)
{
	enum http_framing framing = response->head.framing;
	ssize_t taken;
	struct text text;

	exchange->session->record.status = response->status;
	exchange_settle_framing(exchange, response);
	if (exchange->dechunk)
		framing = HTTP_BODY_UNTIL_CLOSE;
	if (!exchange_write_response(exchange, response, framing, &text) ||
	    len > WORKER_SCRATCH_SIZE - text.len)
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the answer's head is too long");
	exchange->answered = true;
	taken = exchange_filter_response(exchange, body, len);
	if (taken < 0)
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
				     "the answer's body is not well-formed");
	/* Head and first body bytes go in one write. */
	memmove(text.bytes + text.len, body, (size_t)taken);
	buffer_clear(&exchange->from_origin);
	return exchange_pass_response(exchange, text.bytes, text.len + (size_t)taken);
}

static enum exchange_step exchange_on_head(struct exchange *exchange, uint8_t *bytes, size_t len,
					   size_t head_len)
{
	struct span rest = {(const char *)bytes + head_len, len - head_len};
	struct http_response response;
	const char *problem = "";

	if (!http_parse_response((const char *)bytes, head_len, exchange->is_head, &response,
				 &problem))
		return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL, problem);
	if (response.status == 101)
		return exchange_on_switch(exchange, &response, rest);
	if (response.status < 200)
		return exchange_on_interim(exchange, &response, rest);
	return exchange_on_final(exchange, &response, bytes + head_len, rest.len);
}

/* WAIT: the head is not complete. */
static enum exchange_step exchange_find_head(struct exchange *exchange, uint8_t *bytes, size_t len)
{
	size_t head_len = 0;

	switch (http_head_find_end((const char *)bytes, len, &exchange->scanned, &head_len)) {
	case PARSE_DONE:
		return exchange_on_head(exchange, bytes, len, head_len);
	case PARSE_MORE:
		return EXCHANGE_WAIT;
	case PARSE_BAD:
		break;
	}
	return exchange_fail(exchange, REFUSAL_ORIGIN_PROTOCOL,
			     "the origin does not speak HTTP/1.1");
}

static enum exchange_step exchange_read_head(struct exchange *exchange)
{
	uint8_t *bytes = exchange->session->worker->scratch + EXCHANGE_READ_AT;
	ssize_t got = stream_read(&exchange->origin->stream, bytes, EXCHANGE_READ_SIZE);
	enum exchange_step step = EXCHANGE_WAIT;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return EXCHANGE_WAIT;
	if (got <= 0)
		return exchange_on_origin_lost(exchange);
	exchange_note_origin(exchange, (size_t)got);
	/* Nearly always the head comes in one piece: only one that does not is put aside. */
	if (buffer_len(&exchange->from_origin) == 0)
		step = exchange_find_head(exchange, bytes, (size_t)got);
	if (step != EXCHANGE_WAIT)
		return step;
	if (buffer_append(&exchange->from_origin, bytes, (size_t)got) < 0)
		return exchange_fail(exchange, REFUSAL_NO_RESOURCES, "out of memory");
	return EXCHANGE_MOVED;
}

static enum exchange_step exchange_receive_head(struct exchange *exchange)
{
	struct buffer *from = &exchange->from_origin;
	enum exchange_step step = EXCHANGE_WAIT;

	if (buffer_len(from) > 0)
		step = exchange_find_head(exchange, buffer_start(from), buffer_len(from));
	return step == EXCHANGE_WAIT ? exchange_read_head(exchange) : step;
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
