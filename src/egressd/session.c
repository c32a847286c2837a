/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client connection, in the order things happen: accept, read, identify, decide, hold, dial,
 * relay, end. */
#include "egressd/session.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/users.h"
#include "egressd/exchange.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"
#include "net/association.h"
#include "net/tls.h"

enum {
	SESSION_READ_SIZE = 16 * 1024,
	SESSION_INPUT_MAX = 64 * 1024, /* read ahead of what is understood */
	SESSION_LINGER_MS = 2000,
	SESSION_LINGER_READS = 64,
};

static void session_on_ready(evutil_socket_t fd, short what, void *arg);

static void session_set_deadline(struct session *session, enum deadline_kind kind, int64_t in_ms)
{
	deadline_set(&session->deadline, &session->worker->deadlines[kind],
		     clock_monotonic_ms() + in_ms);
}

static const struct config *session_config(const struct session *session)
{
	return session->snapshot->config;
}

static const struct protocol *session_first_protocol(const struct endpoint *endpoint)
{
	if (endpoint->forward != NULL)
		return &protocol_forward;
	return endpoint->listen->kind == LISTEN_HTTP ? &protocol_http : &protocol_sniff;
}

static struct session *session_new(struct worker *worker, const struct endpoint *endpoint, int fd,
				   const struct address *peer)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->worker = worker;
	session->snapshot = snapshot_ref(worker->snapshot);
	session->endpoint = endpoint;
	session->protocol = session_first_protocol(endpoint);
	session->id = atomic_fetch_add_explicit(&worker->shared->next_session_id, 1,
						memory_order_relaxed) +
		      1;
	session->peer = *peer;
	session->client = POLICY_CLIENT_UNKNOWN;
	session->stream = stream_from_fd(fd);
	event_assign(&session->event, worker->base, fd, EV_READ | EV_WRITE | EV_ET | EV_PERSIST,
		     session_on_ready, session);
	return session;
}

void session_start(struct worker *worker, const struct endpoint *endpoint, int fd,
		   const struct address *peer)
{
	struct session *session = session_new(worker, endpoint, fd, peer);

	if (session == NULL) {
		struct stream stream = stream_from_fd(fd);

		stream_reset(&stream);
		return;
	}
	TAILQ_INSERT_TAIL(&worker->sessions, session, link);
	counter_add(&worker->counters.connections, 1);
	counter_add(&worker->counters.sessions_active, 1);
	session_set_deadline(session, DEADLINE_HANDSHAKE,
			     session_config(session)->handshake_timeout_ms);
	if (event_add(&session->event, NULL) < 0 ||
	    (endpoint->tls != NULL && tls_accept(endpoint->tls, &session->stream) < 0)) {
		session_end(session, "out of memory", true);
		return;
	}
	if (endpoint->forward != NULL)
		session->protocol->on_input(session);
	else
		session_read(session);
}

/* One read into the input. False: nothing more can be read now, or the session has ended. */
static bool session_read_once(struct session *session)
{
	uint8_t *room;
	ssize_t got;

	if (buffer_len(&session->input) >= SESSION_INPUT_MAX)
		return false;
	room = buffer_reserve(&session->input, SESSION_READ_SIZE);
	if (room == NULL) {
		session_end(session, "out of memory", true);
		return false;
	}
	got = stream_read(&session->stream, room, SESSION_READ_SIZE);
	if (got > 0) {
		buffer_added(&session->input, (size_t)got);
		return true;
	}
	if (buffer_len(&session->input) == 0)
		buffer_clear(&session->input);
	if (got == 0) {
		session->input_ended = true;
		session_end(session, "client closed", false);
	} else if (errno != EAGAIN && errno != EINTR) {
		session_end(session, "client reset", true);
	}
	return false;
}

void session_read(struct session *session)
{
	/* What the last request left may hold the next one already. */
	if (buffer_len(&session->input) > 0)
		session->protocol->on_input(session);
	while (session->state == SESSION_ASKING && session_read_once(session)) {
		/* A kept connection was idle; from its next byte on it has to finish its request in
		 * time. */
		if (session->deadline.list == &session->worker->deadlines[DEADLINE_IDLE])
			session_set_deadline(session, DEADLINE_HANDSHAKE,
					     session_config(session)->handshake_timeout_ms);
		session->protocol->on_input(session);
	}
}

static void session_drain(struct session *session)
{
	for (int i = 0; i < SESSION_LINGER_READS; i++) {
		ssize_t got = stream_read(&session->stream, session->worker->scratch,
					  WORKER_SCRATCH_SIZE);

		if (got > 0)
			continue;
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			session_end(session, "refused", false);
		return;
	}
	/* It sends faster than we throw away: a RST now would overtake the answer. Its time is
	 * limited by the deadline. */
	event_active(&session->event, EV_READ, 0);
}

/* While we wait for something else, only a broken connection matters; bytes and FIN are for later.
 */
static void session_check_alive(struct session *session)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(session->stream.fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err != 0)
		session_end(session, "client reset", true);
}

static void session_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	switch (session->state) {
	case SESSION_ASKING:
		session_read(session);
		break;
	case SESSION_LOGIN:
	case SESSION_HELD:
	case SESSION_DIALING:
		session_check_alive(session);
		break;
	case SESSION_EXCHANGING:
		exchange_on_client_ready(session->exchange);
		break;
	case SESSION_ASSOCIATED:
		session_watch_association(session);
		break;
	case SESSION_LINGERING:
		session_drain(session);
		break;
	case SESSION_RELAYING:
	case SESSION_ENDED:
		break;
	}
}

static void session_on_login(struct login_waiter *waiter, enum login_outcome outcome)
{
	struct session *session = CONTAINER_OF(waiter, struct session, login);

	session->state = SESSION_ASKING;
	session->protocol->on_login(session, outcome);
	if (session->state == SESSION_ASKING)
		session_read(session);
}

enum login_outcome session_login(struct session *session, const char *user, size_t user_len,
				 const char *password, size_t password_len)
{
	enum login_outcome outcome;

	session->login.done = session_on_login;
	outcome = login_check(session->worker->logins, session->endpoint->users, &session->peer,
			      user, user_len, password, password_len, &session->login);
	if (outcome == LOGIN_LATER)
		session->state = SESSION_LOGIN;
	return outcome;
}

static void session_count_client(struct session *session, bool in)
{
	if (session->client == POLICY_CLIENT_UNKNOWN || session->counted == in)
		return;
	session->counted = in;
	if (in)
		atomic_fetch_add_explicit(&session->snapshot->client_sessions[session->client], 1,
					  memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&session->snapshot->client_sessions[session->client], 1,
					  memory_order_relaxed);
}

int session_who(const struct session *session)
{
	const struct listen_config *listen = session->endpoint->listen;

	return policy_identify(session_config(session)->policy,
			       listen == NULL ? POLICY_CLIENT_UNKNOWN : listen->client,
			       &session->peer, session->user,
			       session->user == NULL ? 0 : strlen(session->user));
}

static bool session_is_within_limit(const struct session *session)
{
	uint32_t limit;

	if (session->client == POLICY_CLIENT_UNKNOWN)
		return true;
	limit = session_config(session)->client_session_limits[session->client];
	return limit == 0 ||
	       atomic_load_explicit(&session->snapshot->client_sessions[session->client],
				    memory_order_relaxed) <= limit;
}

void session_set_user(struct session *session, const char *user, size_t user_len)
{
	if (user_len > 0 && (session->user == NULL || strlen(session->user) != user_len ||
			     memcmp(session->user, user, user_len) != 0)) {
		free(session->user);
		session->user = strndup(user, user_len);
	}
}

bool session_is_logged_in(const struct session *session)
{
	const struct users *users = session->endpoint->users;

	return users == NULL || (session->user != NULL &&
				 users_find(users, session->user, strlen(session->user)) != NULL);
}

bool session_identify(struct session *session, const char *user, size_t user_len)
{
	session_set_user(session, user, user_len);
	session_count_client(session, false);
	session->client = session_who(session);
	session_count_client(session, true);
	if (session_is_within_limit(session))
		return true;
	/* A refused connection may stay open: it must not take the place of one that works. */
	session_count_client(session, false);
	return false;
}

static void session_decide(struct session *session, struct verdict *verdict)
{
	struct request request = {
		.client = session->client,
		.host = &session->record.host,
		.port = session->record.port,
		.transport = session->record.transport,
	};

	policy_decide(session_config(session)->policy, &request, verdict);
}

static void session_on_dialed(void *arg, enum dial_result result, struct stream stream,
			      const struct address *peer, const char *detail);

static void session_hold(struct session *session)
{
	struct worker *worker = session->worker;
	uint32_t held = atomic_fetch_add_explicit(&worker->shared->held, 1, memory_order_relaxed);

	session->state = SESSION_HELD;
	TAILQ_INSERT_TAIL(&worker->held, session, held_link);
	counter_add(&worker->counters.held_now, 1);
	if (held >= WORKER_HELD_MAX) {
		session_refuse(session, REFUSAL_HOLD_FULL, NULL);
		return;
	}
	counter_add(&worker->counters.held_total, 1);
	session_set_deadline(session, DEADLINE_HOLD, session_config(session)->hold_ms);
}

static void session_unhold(struct session *session)
{
	if (session->state != SESSION_HELD)
		return;
	TAILQ_REMOVE(&session->worker->held, session, held_link);
	atomic_fetch_sub_explicit(&session->worker->shared->held, 1, memory_order_relaxed);
	counter_add(&session->worker->counters.held_now, (uint64_t)-1);
	deadline_clear(&session->deadline);
}

static void session_dial(struct session *session)
{
	struct worker *worker = session->worker;
	const struct snapshot *snapshot = session->snapshot;
	struct record *record = &session->record;
	struct dial_route route;

	record->epoch = record->lane->epoch;
	session->state = SESSION_DIALING;
	if (lane_route(record->lane, worker->base, &snapshot->egresses[record->verdict.egress],
		       snapshot->guard, &route) < 0) {
		session_refuse(session,
			       errno == ENODEV ? REFUSAL_TUNNEL_DOWN : REFUSAL_NO_RESOURCES, NULL);
		return;
	}
	session->dial = dial_start(worker->base, &route, &record->host, record->port,
				   (int)session_config(session)->connect_timeout_ms,
				   session_on_dialed, session);
	if (session->dial == NULL)
		session_refuse(session, REFUSAL_NO_RESOURCES, NULL);
}

/* Holds or dials, as the tunnel is now. */
static void session_go(struct session *session)
{
	session->record.lane = worker_lane(session->worker, session->record.verdict.egress);
	if (!session->record.lane->is_up) {
		session_hold(session);
		return;
	}
	if (session->protocol == &protocol_http && exchange_take_pooled(session))
		return;
	session_dial(session);
}

void session_request(struct session *session)
{
	struct record *record = &session->record;

	deadline_clear(&session->deadline);
	/* Rules of this moment: a kept connection may be older than the last reload. */
	session_decide(session, &record->verdict);
	record_begin(record);
	counter_add(&session->worker->counters.requests[record->protocol], 1);
	if (!record->verdict.allowed)
		session_refuse(session, REFUSAL_POLICY, NULL);
	else
		session_go(session);
}

void session_release(struct session *session)
{
	session_unhold(session);
	deadline_clear(&session->deadline);
	session->state = SESSION_DIALING;
	/* Not dialled, or not any more: a new epoch that session_go finds is not this one's end. */
	session->record.epoch = 0;
	session_go(session);
}

static void session_on_dialed(void *arg, enum dial_result result, struct stream stream,
			      const struct address *peer, const char *detail)
{
	struct session *session = arg;

	session->dial = NULL;
	session->record.address = *peer;
	if (result == DIAL_OK) {
		session->protocol->on_dialed(session, stream);
		return;
	}
	if (result == DIAL_DEVICE_GONE) {
		/* The device went between our look and the bind: wait for it like anybody else. */
		session->record.epoch = 0;
		session->record.lane->is_up = false;
		session_hold(session);
		return;
	}
	session_refuse(session, refusal_of_dial(result), detail);
}

void session_refuse(struct session *session, enum refusal refusal, const char *detail)
{
	char copy[256] = "";

	session_unhold(session);
	deadline_clear(&session->deadline);
	if (!session->record.open)
		record_begin(&session->record);
	session->record.refusal = refusal;
	if (detail != NULL)
		strncpy(copy, detail, sizeof(copy) - 1);
	session->state = SESSION_ASKING;
	/* What the client is told stands in the record before the record is logged. */
	session->protocol->on_refused(session, refusal, copy);
}

bool session_say(struct session *session, const void *bytes, size_t len)
{
	ssize_t sent = stream_write(&session->stream, bytes, len);

	if (sent == (ssize_t)len)
		return true;
	session_end(session, "client does not read", true);
	return false;
}

static void session_on_relay_end(struct relay *relay, enum relay_end end)
{
	static const char *const names[] = {"done", "client reset", "origin reset",
					    "out of memory"};

	session_end(CONTAINER_OF(relay, struct session, relay), names[end], end != RELAY_DONE);
}

void session_relay(struct session *session, struct stream origin, struct buffer *from_origin)
{
	event_del(&session->event);
	session->state = SESSION_RELAYING;
	session->relay.origin_seen_at_ms =
		session->record.lane == NULL ? NULL : &session->record.lane->seen_at_ms;
	session_set_deadline(session, DEADLINE_IDLE, session_config(session)->idle_timeout_ms);
	if (relay_start(&session->relay, session->worker->relays, session->stream, origin,
			&session->input, from_origin, session_on_relay_end) < 0) {
		stream_reset(&origin);
		session_end(session, "out of memory", true);
	}
}

void session_ask_again(struct session *session)
{
	session->state = SESSION_ASKING;
	session->scanned = 0;
	session_set_deadline(session, DEADLINE_IDLE, session_config(session)->idle_timeout_ms);
	if (session->worker->draining) {
		/* A request that is on its way already must not turn our FIN into a RST. */
		session_linger(session);
		return;
	}
	/* From the loop, not from here: a client may have sent a thousand requests at once. */
	event_active(&session->event, EV_READ, 0);
}

void session_linger(struct session *session)
{
	session->state = SESSION_LINGERING;
	buffer_clear(&session->input);
	stream_shutdown(&session->stream);
	session_set_deadline(session, DEADLINE_LINGER, SESSION_LINGER_MS);
	session_drain(session);
}
