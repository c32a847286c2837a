/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client that speaks HTTP: CONNECT becomes a tunnel, everything else an exchange; refusals say
 * why (RFC 9209). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "egressd/exchange.h"
#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"
#include "proto/http_forward.h"

enum {
	HTTP_RETRY_AFTER_S = 5,
	HTTP_SKIP_MAX = 64 * 1024,
};

static void http_fill_record(struct session *session, const struct http_request *request)
{
	struct record *record = &session->record;

	*record = (struct record){
		.protocol = request->is_connect ? COUNTED_CONNECT : COUNTED_HTTP,
		.host = request->host,
		.port = request->port,
		.transport = TRANSPORT_TCP,
	};
	record_set_method(record, request->method.bytes, request->method.len);
}

/* A client that was refused, or asked to log in, may have sent a small body already: read past it.
 */
static bool http_body_can_be_skipped(const struct http_request *request)
{
	return request->head.framing == HTTP_BODY_LENGTH &&
	       request->head.content_length <= HTTP_SKIP_MAX && !request->expects_continue;
}

/* A refused request that has a body, or data behind it, leaves bytes that must not be read as the
 * next request. */
static bool http_refusal_closes(const struct session *session, const struct http_request *request,
				size_t head_len)
{
	bool more = buffer_len(&session->input) > head_len;

	if (!request->head.keep_alive || request->is_origin_form)
		return true;
	if (request->is_connect)
		return more;
	return request->head.framing != HTTP_BODY_NONE && !http_body_can_be_skipped(request);
}

static enum login_outcome http_login(struct session *session, const struct http_request *request,
				     bool *given)
{
	char user[256];
	char password[256];
	size_t user_len;
	size_t password_len;
	enum login_outcome outcome;

	*given = http_parse_basic(request->proxy_authorization, user, &user_len, password,
				  &password_len);
	if (!*given)
		return LOGIN_WRONG;
	if (session->login_failed) {
		session->login_failed = false;
		return LOGIN_WRONG;
	}
	outcome = session_login(session, user, user_len, password, password_len);
	explicit_bzero(password, sizeof(password));
	if (outcome == LOGIN_RIGHT && !session_identify(session, user, user_len))
		session->record.refusal = REFUSAL_SESSION_LIMIT;
	return outcome;
}

/* Who is it? REFUSAL_NONE: known well enough, or the password is still being checked (*later). */
static enum refusal http_identify(struct session *session, const struct http_request *request,
				  bool *later)
{
	bool given = false;

	if (session->endpoint->users == NULL)
		return session_identify(session, NULL, 0) ? REFUSAL_NONE : REFUSAL_SESSION_LIMIT;
	switch (http_login(session, request, &given)) {
	case LOGIN_RIGHT:
		return session->record.refusal;
	case LOGIN_LATER:
		*later = true;
		return REFUSAL_NONE;
	case LOGIN_LIMITED:
		return REFUSAL_LOGIN_LIMITED;
	case LOGIN_WRONG:
		break;
	}
	return given ? REFUSAL_LOGIN_WRONG : REFUSAL_LOGIN_NEEDED;
}

static enum refusal http_check(struct session *session, const struct http_request *request,
			       bool *later)
{
	enum refusal refusal;

	if (request->is_origin_form)
		return REFUSAL_SELF;
	refusal = http_identify(session, request, later);
	if (refusal != REFUSAL_NONE || *later)
		return refusal;
	if (session->snapshot->config->add_via && http_via_contains(request, "egressd"))
		return REFUSAL_LOOP;
	if (!request->is_connect && !exchange_new(session, request))
		return REFUSAL_NO_RESOURCES;
	return REFUSAL_NONE;
}

static void http_on_head(struct session *session, size_t head_len)
{
	struct http_request request;
	const char *problem = "";
	enum refusal refusal;
	int status = 400;
	bool later = false;

	if (!http_parse_request((const char *)buffer_start(&session->input), head_len, &request,
				&status, &problem)) {
		session->record =
			(struct record){.protocol = COUNTED_HTTP, .status = (uint16_t)status};
		session->close_after_refusal = true;
		session_refuse(session, REFUSAL_BAD_REQUEST, problem);
		return;
	}
	http_fill_record(session, &request);
	session->close_after_refusal = http_refusal_closes(session, &request, head_len);
	refusal = http_check(session, &request, &later);
	if (later)
		return; /* the head stays where it is and is read again once the password is checked
			 */
	buffer_consume(&session->input, head_len);
	session->scanned = 0;
	/* Refused now or later, until an exchange reads it: a body must not be taken for a request.
	 */
	session->skip = http_body_can_be_skipped(&request) ? request.head.content_length : 0;
	if (refusal == REFUSAL_NONE)
		session_request(session);
	else
		session_refuse(session, refusal, NULL);
}

/* False: all of the input was a refused request's body. */
static bool http_skip(struct session *session)
{
	size_t len = buffer_len(&session->input) < session->skip ? buffer_len(&session->input)
								 : session->skip;

	if (len > 0)
		buffer_consume(&session->input, len);
	session->skip -= len;
	return buffer_len(&session->input) > 0;
}

static void http_on_input(struct session *session)
{
	size_t head_len = 0;

	if (!http_skip(session))
		return;
	switch (http_head_find_end((const char *)buffer_start(&session->input),
				   buffer_len(&session->input), &session->scanned, &head_len)) {
	case PARSE_MORE:
		return;
	case PARSE_DONE:
		http_on_head(session, head_len);
		return;
	case PARSE_BAD:
		break;
	}
	session->record = (struct record){.protocol = COUNTED_HTTP};
	if (session->scanned == HTTP_HEAD_MAX)
		session->record.status = 431;
	session->close_after_refusal = true;
	session_refuse(session, REFUSAL_BAD_REQUEST,
		       session->record.status == 431 ? "the head is too long"
						     : "this is not HTTP/1.1");
}

static void http_on_login(struct session *session, enum login_outcome outcome)
{
	session->login_failed = outcome == LOGIN_WRONG;
	session->scanned = 0;
}

static void http_on_dialed(struct session *session, struct stream origin)
{
	/* Exactly 200 and no framing fields: .NET accepts nothing else, and RFC 9110 9.3.6 forbids
	 * them. */
	static const char established[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	struct buffer nothing = {0};

	if (session->exchange != NULL) {
		exchange_start(session, origin);
		return;
	}
	session->record.status = 200;
	if (session_say(session, established, sizeof(established) - 1))
		session_relay(session, origin, &nothing);
	else
		stream_reset(&origin);
}

/* RFC 8941: a string holds printable ASCII; quotes and backslashes are escaped. */
static void http_add_sf_string(struct text *text, const char *string)
{
	for (; *string != '\0'; string++) {
		if (*string == '"' || *string == '\\')
			text_add_char(text, '\\');
		text_add_char(text, *string >= ' ' && *string < 0x7f ? *string : '?');
	}
}

static void http_write_refusal_body(const struct session *session, enum refusal refusal,
				    const char *detail, struct text *body)
{
	const struct rule_source *rule = session->record.verdict.rule;

	text_add(body, refusal_words(refusal)->sentence);
	if (detail != NULL && detail[0] != '\0')
		text_add_format(body, " (%s)", detail);
	text_add_char(body, '\n');
	if (refusal == REFUSAL_POLICY && rule != NULL)
		text_add_format(body, "rule: %s:%u: %s\n", rule->file, rule->line, rule->text);
}

static void http_write_refusal(const struct session *session, enum refusal refusal,
			       const char *detail, bool close, struct text *out)
{
	const struct refusal_words *words = refusal_words(refusal);
	const struct rule_source *rule = session->record.verdict.rule;
	char bytes[1024];
	struct text body;

	text_init(&body, bytes, sizeof(bytes));
	/* .NET wants an empty body with a 407, and to keep the connection. */
	if (words->status != 407)
		http_write_refusal_body(session, refusal, detail, &body);
	text_add_format(out, "HTTP/1.1 %s\r\nProxy-Status: egressd; error=%s; details=\"",
			refusal_status_phrase(session->record.status), words->error);
	http_add_sf_string(out, detail != NULL && detail[0] != '\0' ? detail : words->sentence);
	text_add(out, "\"");
	if (refusal == REFUSAL_POLICY && rule != NULL)
		text_add_format(out, "; rule=\"%u\"", rule->line);
	text_add(out, "\r\n");
	if (words->status == 407)
		text_add(out, "Proxy-Authenticate: Basic realm=\"egressd\", charset=\"UTF-8\"\r\n");
	if (words->status == 503 || words->status == 429)
		text_add_format(out, "Retry-After: %d\r\n",
				words->status == 429 ? 60 : HTTP_RETRY_AFTER_S);
	if (body.len > 0)
		text_add(out, "Content-Type: text/plain; charset=utf-8\r\n");
	text_add_format(out,
			"Cache-Control: no-store\r\nContent-Length: %zu\r\nConnection: %s\r\n\r\n",
			body.len, close ? "close" : "keep-alive");
	if (strcmp(session->record.method, "HEAD") != 0)
		text_add_bytes(out, body.bytes, body.len);
}

/* Whoever did not wait for the answer to its CONNECT has begun to speak to the origin: what it says
 * may come from anywhere, and must not be read as requests of the client's. */
static bool http_speaks_already(const struct session *session)
{
	char byte;

	return strcmp(session->record.method, "CONNECT") == 0 &&
	       (buffer_len(&session->input) > 0 ||
		recv(session->stream.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0);
}

static void http_on_refused(struct session *session, enum refusal refusal, const char *detail)
{
	/* Out of descriptors, an idle connection holds the very one that the next client needs. */
	bool close = session->close_after_refusal || session->worker->draining ||
		     refusal == REFUSAL_NO_RESOURCES || http_speaks_already(session);
	char bytes[4096];
	struct text out;

	exchange_free(session->exchange);
	session->exchange = NULL;
	if (session->record.status < 300)
		session->record.status = refusal_words(refusal)->status;
	text_init(&out, bytes, sizeof(bytes));
	http_write_refusal(session, refusal, detail, close, &out);
	record_end(session, &session->record, refusal_words(refusal)->name, detail);
	if (!session_say(session, out.bytes, out.len))
		return;
	if (close)
		session_linger(session);
	else
		session_ask_again(session);
}

const struct protocol protocol_http = {
	.on_input = http_on_input,
	.on_login = http_on_login,
	.on_dialed = http_on_dialed,
	.on_refused = http_on_refused,
};
