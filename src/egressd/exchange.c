/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of an exchange: made, started, pumped, finished. Its two directions have a file each. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "egressd/origin_pool.h"
#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"
#include "exchange_parts.h"
#include "proto/http_forward.h"

enum {
	EXCHANGE_TURNS = 8,
};

static bool exchange_is_repeatable(const struct http_request *request)
{
	static const char *const idempotent[] = {"GET", "HEAD", "OPTIONS", "TRACE"};

	if (request->head.framing != HTTP_BODY_NONE || request->head.upgrade)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(idempotent); i++) {
		if (span_equals(request->method, idempotent[i]))
			return true;
	}
	return false;
}

/* NTLM and Negotiate log the connection in, not the request (RFC 4559 6): it must never serve
 * anybody else. */
bool exchange_logs_connection_in(const struct http_head *head, enum http_name name)
{
	if (!http_head_has(head, name))
		return false;
	for (size_t i = 0; i < head->field_count; i++) {
		const struct http_field *field = &head->fields[i];

		if (field->is == name && field->value.len >= 4 &&
		    (strncasecmp(field->value.bytes, "NTLM", 4) == 0 ||
		     strncasecmp(field->value.bytes, "Nego", 4) == 0))
			return true;
	}
	return false;
}

/* In the scratch. */
static struct text exchange_write_request(struct session *session,
					  const struct http_request *request)
{
	struct http_forward_options options = {
		.via = session->snapshot->config->add_via ? "egressd" : NULL,
	};
	struct text text;

	text_init(&text, (char *)session->worker->scratch, WORKER_SCRATCH_SIZE);
	http_write_request(request, &options, &text);
	return text;
}

bool exchange_new(struct session *session, const struct http_request *request)
{
	const struct http_head *head = &request->head;
	struct text text = exchange_write_request(session, request);
	/* Not calloc, which does not take what was freed a moment ago. */
	struct exchange *exchange = malloc(sizeof(*exchange) + text.len);

	if (exchange == NULL || text.truncated)
		goto fail;
	*exchange = (struct exchange){
		.session = session,
		.is_head = request->is_head,
		.client_is_1_0 = head->minor_version == 0,
		.client_keeps_alive = head->keep_alive,
		.upgrade_asked = head->upgrade,
		.repeatable = exchange_is_repeatable(request),
		.origin_reusable = !exchange_logs_connection_in(head, HTTP_NAME_AUTHORIZATION),
		/* An empty body has ended: waiting to read it would take the client's FIN for a
		 * cut. */
		.request_done = head->framing == HTTP_BODY_NONE ||
				(head->framing == HTTP_BODY_LENGTH && head->content_length == 0),
		.head_len = text.len,
	};
	memcpy(exchange->head, text.bytes, text.len);
	http_body_init(&exchange->request_body, head);
	session->exchange = exchange;
	return true;
fail:
	free(exchange);
	return false;
}

void exchange_free(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	exchange_give_pipe(exchange);
	origin_reset(exchange->origin);
	buffer_clear(&exchange->to_origin);
	buffer_clear(&exchange->from_origin);
	buffer_clear(&exchange->to_client);
	free(exchange);
}

static void exchange_on_origin_ready(void *watcher)
{
	exchange_pump(watcher);
}

static void exchange_begin(struct session *session, struct origin *origin)
{
	struct exchange *exchange = session->exchange;

	exchange->origin = origin;
	session->state = SESSION_EXCHANGING;
	session->skip = 0; /* the body is the exchange's to read now */
	origin_watch(origin, exchange_on_origin_ready, exchange);
	session_set_deadline(session, DEADLINE_IDLE, session_config(session)->idle_timeout_ms);
	if (exchange_pass_request(exchange, exchange->head, exchange->head_len) != EXCHANGE_OVER)
		exchange_pump(exchange);
}

bool exchange_take_pooled(struct session *session)
{
	struct origin *origin;

	if (session->exchange == NULL || !session->exchange->repeatable)
		return false;
	origin = origin_pool_take(session->worker->origins, session);
	if (origin == NULL)
		return false;
	session->record.address = origin->address;
	session->record.epoch = session->record.lane->epoch;
	session->exchange->reused = true;
	counter_add(&session->worker->counters.origin_connections_reused, 1);
	exchange_begin(session, origin);
	return true;
}

void exchange_start(struct session *session, struct stream stream)
{
	struct origin *origin = origin_new(session, stream);

	session->exchange->reused = false;
	if (origin == NULL)
		exchange_fail(session->exchange, REFUSAL_NO_RESOURCES, "out of memory");
	else
		exchange_begin(session, origin);
}

int64_t exchange_active_at_ms(const struct exchange *exchange)
{
	return exchange->active_at_ms;
}

void exchange_pump(struct exchange *exchange)
{
	for (int turn = 0; turn < EXCHANGE_TURNS; turn++) {
		enum exchange_step sent = exchange_send(exchange);
		enum exchange_step received;

		if (sent == EXCHANGE_OVER)
			return;
		received = exchange_receive(exchange);
		if (received == EXCHANGE_OVER)
			return;
		if (sent == EXCHANGE_WAIT && received == EXCHANGE_WAIT)
			return;
	}
	origin_wake(exchange->origin);
}

void exchange_on_client_ready(struct exchange *exchange)
{
	struct session *session = exchange->session;
	/* Nobody reads this socket once the request is read, or while the origin takes no more of
	 * it: a broken one would not be noticed. */
	if (stream_is_broken(&session->stream)) {
		session_end(session, "client reset", true);
		return;
	}
	exchange_pump(exchange);
}

void exchange_on_timeout(struct exchange *exchange)
{
	exchange_fail(exchange, REFUSAL_ORIGIN_TIMEOUT, "nothing moved for too long");
}

enum exchange_step exchange_fail(struct exchange *exchange, int refusal, const char *why)
{
	struct session *session = exchange->session;

	if (exchange->answered || buffer_len(&exchange->to_client) > 0) {
		/* The client must not take what it has for the whole. */
		session_end(session, why, true);
		return EXCHANGE_OVER;
	}
	/* Part of the request may still be on its way: the next one could not be found. */
	session->close_after_refusal |= !exchange->request_done || refusal == REFUSAL_NO_RESOURCES;
	session_refuse(session, (enum refusal)refusal, why);
	return EXCHANGE_OVER;
}

enum exchange_step exchange_on_origin_lost(struct exchange *exchange)
{
	struct session *session = exchange->session;

	if (!exchange->reused || buffer_len(&exchange->from_origin) > 0 || exchange->interim > 0)
		return exchange_fail(exchange, REFUSAL_ORIGIN_CLOSED,
				     "the origin closed before it answered");
	/* A kept connection had died unnoticed: nobody has seen the request, and it may be
	 * repeated. */
	origin_close(exchange->origin);
	exchange->origin = NULL;
	buffer_clear(&exchange->to_origin);
	exchange->repeatable = false;
	exchange->origin_refuses = false;
	session_release(session);
	return EXCHANGE_OVER;
}

enum exchange_step exchange_switch(struct exchange *exchange)
{
	struct session *session = exchange->session;
	struct stream origin = origin_release(exchange->origin);
	struct buffer from_origin = exchange->to_client;

	exchange->origin = NULL;
	exchange->to_client = (struct buffer){0};
	session->exchange = NULL;
	exchange_free(exchange);
	/* The relay counts what it is given to begin with. */
	session->record.received = 0;
	session_relay(session, origin, &from_origin);
	buffer_clear(&from_origin);
	return EXCHANGE_OVER;
}

/* What is left of a request that was answered early would swallow the next one on its connection.
 */
static bool exchange_may_keep_origin(const struct exchange *exchange)
{
	const struct record *record = &exchange->session->record;

	return exchange->origin_reusable && exchange->request_done && !exchange->origin_refuses &&
	       buffer_len(&exchange->to_origin) == 0 && record->epoch == record->lane->epoch;
}

enum exchange_step exchange_finish(struct exchange *exchange)
{
	struct session *session = exchange->session;
	bool close = exchange->closes_client || !exchange->request_done || exchange->origin_refuses;

	if (exchange_may_keep_origin(exchange))
		origin_pool_put(session->worker->origins, exchange->origin);
	else
		origin_close(exchange->origin);
	exchange->origin = NULL;
	session->exchange = NULL;
	exchange_free(exchange);
	record_end(session, &session->record, "done", NULL);
	if (close)
		session_linger(session);
	else
		session_ask_again(session);
	return EXCHANGE_OVER;
}
