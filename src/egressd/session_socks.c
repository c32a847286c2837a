/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client that speaks SOCKS: 5 with or without a login, 4 and 4a without. */
#include <stdio.h>
#include <string.h>

#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"
#include "proto/socks.h"

/* Steps of a SOCKS5 handshake, in session->step. */
enum {
	SOCKS5_GREETING,
	SOCKS5_LOGIN,
	SOCKS5_REQUEST,
};

enum {
	SOCKS5_METHOD_NONE = 0,
	SOCKS5_METHOD_PASSWORD = 2,
	SOCKS5_METHOD_NO_ACCEPTABLE = 0xff,
};

static void socks_fill_record(struct session *session, const char *method,
			      const struct socks_request *request)
{
	struct record *record = &session->record;

	*record = (struct record){
		.protocol = session->protocol == &protocol_socks4 ? COUNTED_SOCKS4 : COUNTED_SOCKS5,
		.host = request->host,
		.port = request->port,
		.transport = TRANSPORT_TCP,
	};
	record_set_method(record, method, strlen(method));
}

static void socks_end_malformed(struct session *session, const char *what)
{
	record_begin(&session->record);
	session->record.refusal = REFUSAL_BAD_REQUEST;
	record_end(session, &session->record, refusal_words(REFUSAL_BAD_REQUEST)->name, what);
	session_linger(session);
}

static void socks5_on_greeting(struct session *session)
{
	bool wants_login = session->endpoint->users != NULL;
	struct socks5_greeting greeting;
	uint8_t answer[2] = {5, SOCKS5_METHOD_NO_ACCEPTABLE};
	size_t used = 0;

	switch (socks5_parse_greeting(buffer_start(&session->input), buffer_len(&session->input),
				      &greeting, &used)) {
	case PARSE_MORE:
		return;
	case PARSE_BAD:
		socks_end_malformed(session, "SOCKS5 greeting");
		return;
	case PARSE_DONE:
		break;
	}
	buffer_consume(&session->input, used);
	if (wants_login ? greeting.offers_password : greeting.offers_none)
		answer[1] = wants_login ? SOCKS5_METHOD_PASSWORD : SOCKS5_METHOD_NONE;
	if (!session_say(session, answer, sizeof(answer)))
		return;
	if (answer[1] == SOCKS5_METHOD_NO_ACCEPTABLE) {
		record_begin(&session->record);
		session->record.refusal =
			wants_login ? REFUSAL_LOGIN_NEEDED : REFUSAL_NOT_SUPPORTED;
		record_end(session, &session->record, "no acceptable method", NULL);
		session_linger(session);
		return;
	}
	session->step = wants_login ? SOCKS5_LOGIN : SOCKS5_REQUEST;
}

static void socks5_answer_login(struct session *session, enum login_outcome outcome)
{
	uint8_t answer[2] = {1, outcome == LOGIN_RIGHT ? 0 : 1};

	if (!session_say(session, answer, sizeof(answer)))
		return;
	if (outcome == LOGIN_RIGHT) {
		session->step = SOCKS5_REQUEST;
		return;
	}
	record_begin(&session->record);
	session->record.refusal =
		outcome == LOGIN_LIMITED ? REFUSAL_LOGIN_LIMITED : REFUSAL_LOGIN_WRONG;
	record_end(session, &session->record, refusal_words(session->record.refusal)->name, NULL);
	session_linger(session);
}

static void socks5_on_login_message(struct session *session)
{
	struct span user;
	struct span password;
	enum login_outcome outcome;
	size_t used = 0;

	switch (socks5_parse_login(buffer_start(&session->input), buffer_len(&session->input),
				   &user, &password, &used)) {
	case PARSE_MORE:
		return;
	case PARSE_BAD:
		socks5_answer_login(session, LOGIN_WRONG);
		return;
	case PARSE_DONE:
		break;
	}
	outcome = session_login(session, user.bytes, user.len, password.bytes, password.len);
	/* Counted as that user's session only with the request: the password may yet be wrong. */
	if (outcome == LOGIN_RIGHT || outcome == LOGIN_LATER)
		session_set_user(session, user.bytes, user.len);
	explicit_bzero(buffer_start(&session->input), used);
	buffer_consume(&session->input, used);
	if (outcome != LOGIN_LATER)
		socks5_answer_login(session, outcome);
}

static bool socks_is_within_limit(struct session *session)
{
	if (session_identify(session, NULL, 0))
		return true;
	session_refuse(session, REFUSAL_SESSION_LIMIT, NULL);
	return false;
}

static void socks5_on_request(struct session *session)
{
	struct socks_request request = {0};
	size_t used = 0;

	switch (socks5_parse_request(buffer_start(&session->input), buffer_len(&session->input),
				     &request, &used)) {
	case PARSE_MORE:
		return;
	case PARSE_BAD:
		session->record.status = request.refusal;
		session_refuse(session, REFUSAL_BAD_REQUEST, "SOCKS5 request");
		return;
	case PARSE_DONE:
		break;
	}
	buffer_consume(&session->input, used);
	socks_fill_record(session, request.command == SOCKS_UDP_ASSOCIATE ? "UDP" : "SOCKS5",
			  &request);
	/* A reload between greeting and request may have brought a login, or taken the user. */
	if (!session_is_logged_in(session)) {
		session_refuse(session, REFUSAL_LOGIN_NEEDED, NULL);
		return;
	}
	if (!socks_is_within_limit(session))
		return;
	if (request.command == SOCKS_CONNECT)
		session_request(session);
	else if (request.command == SOCKS_UDP_ASSOCIATE)
		session_associate(session);
	else
		session_refuse(session, REFUSAL_NOT_SUPPORTED, "BIND is not offered");
}

static void socks5_on_input(struct session *session)
{
	/* A client may send all of its messages at once. */
	while (session->state == SESSION_ASKING && buffer_len(&session->input) > 0) {
		size_t before = buffer_len(&session->input);

		if (session->step == SOCKS5_GREETING)
			socks5_on_greeting(session);
		else if (session->step == SOCKS5_LOGIN)
			socks5_on_login_message(session);
		else
			socks5_on_request(session);
		if (buffer_len(&session->input) == before)
			return;
	}
}

static void socks5_on_dialed(struct session *session, struct stream origin)
{
	uint8_t reply[SOCKS_REPLY_MAX];
	struct buffer nothing = {0};

	/* No address of ours: which one the tunnel has is nobody's business. */
	if (session_say(session, reply, socks5_write_reply(reply, SOCKS5_SUCCEEDED, NULL)))
		session_relay(session, origin, &nothing);
	else
		stream_reset(&origin);
}

static void socks5_on_refused(struct session *session, enum refusal refusal, const char *detail)
{
	enum socks5_reply code = refusal_words(refusal)->socks5;
	uint8_t reply[SOCKS_REPLY_MAX];

	if (refusal == REFUSAL_BAD_REQUEST && session->record.status != 0)
		code = (enum socks5_reply)session->record.status;
	session->record.status = 0;
	record_end(session, &session->record, refusal_words(refusal)->name, detail);
	if (session_say(session, reply, socks5_write_reply(reply, code, NULL)))
		session_linger(session);
}

const struct protocol protocol_socks5 = {
	.on_input = socks5_on_input,
	.on_login = socks5_answer_login,
	.on_dialed = socks5_on_dialed,
	.on_refused = socks5_on_refused,
};

static void socks4_on_input(struct session *session)
{
	struct socks_request request = {0};
	size_t used = 0;

	switch (socks4_parse_request(buffer_start(&session->input), buffer_len(&session->input),
				     &request, &used)) {
	case PARSE_MORE:
		return;
	case PARSE_BAD:
		session_refuse(session, REFUSAL_BAD_REQUEST, "SOCKS4 request");
		return;
	case PARSE_DONE:
		break;
	}
	buffer_consume(&session->input, used);
	socks_fill_record(session, "SOCKS4", &request);
	if (session->endpoint->users != NULL)
		/* SOCKS4 has a user but no password. */
		session_refuse(session, REFUSAL_LOGIN_NEEDED, "SOCKS4 cannot log in; use SOCKS5");
	else if (request.command != SOCKS_CONNECT)
		session_refuse(session, REFUSAL_NOT_SUPPORTED, "BIND is not offered");
	else if (socks_is_within_limit(session))
		session_request(session);
}

static void socks4_on_dialed(struct session *session, struct stream origin)
{
	uint8_t reply[SOCKS_REPLY_MAX];
	struct buffer nothing = {0};

	if (session_say(session, reply, socks4_write_reply(reply, SOCKS4_GRANTED, NULL)))
		session_relay(session, origin, &nothing);
	else
		stream_reset(&origin);
}

static void socks4_on_refused(struct session *session, enum refusal refusal, const char *detail)
{
	uint8_t reply[SOCKS_REPLY_MAX];

	record_end(session, &session->record, refusal_words(refusal)->name, detail);
	if (session_say(session, reply, socks4_write_reply(reply, SOCKS4_REJECTED, NULL)))
		session_linger(session);
}

const struct protocol protocol_socks4 = {
	.on_input = socks4_on_input,
	.on_dialed = socks4_on_dialed,
	.on_refused = socks4_on_refused,
};
