/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client connection, in the order things happen: accept, read, identify, decide, hold, dial,
 * relay, end. */
#include "egressd/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "egressd/exchange.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"
#include "net/tls.h"

enum {
	SESSION_READ_SIZE = 16 * 1024,
	SESSION_INPUT_MAX = 64 * 1024, /* read ahead of what is understood */
	SESSION_LINGER_MS = 2000,
	SESSION_LINGER_READS = 64,
};

static void session_on_ready(void *arg);

void session_set_deadline(struct session *session, enum deadline_kind kind, int64_t in_ms)
{
	deadline_set(&session->deadline, &session->worker->deadlines[kind],
		     clock_monotonic_ms() + in_ms);
}

const struct config *session_config(const struct session *session)
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
	if (stream_watch(&session->stream, worker->poller) < 0 ||
	    (endpoint->tls != NULL && tls_accept(endpoint->tls, &session->stream) < 0)) {
		session_end(session, "out of memory", true);
		return;
	}
	/* The first edge comes at once, and tells what there is to read. */
	stream_on_ready(&session->stream, session_on_ready, session);
	if (endpoint->forward != NULL)
		session->protocol->on_input(session);
}

/* One read into the input. False: nothing more can be read now, or the session has ended. */
static bool session_read_once(struct session *session)
{
	uint8_t *bytes = session->worker->scratch;
	ssize_t got;

	if (buffer_len(&session->input) >= SESSION_INPUT_MAX)
		return false;
	got = stream_read(&session->stream, bytes, SESSION_READ_SIZE);
	if (got > 0 && buffer_append(&session->input, bytes, (size_t)got) == 0)
		return true;
	if (got > 0) {
		session_end(session, "out of memory", true);
	} else if (got == 0) {
		session_end(session, "client closed", false);
	} else if (errno != EAGAIN && errno != EINTR) {
		session_end(session, "client reset", true);
	}
	return false;
}

/* A kept connection was idle; once part of a request is there, the rest has to come in time. */
static void session_limit_request(struct session *session)
{
	bool unfinished = session->state == SESSION_LOGIN ||
			  (session->state == SESSION_ASKING &&
			   (buffer_len(&session->input) > 0 || session->skip > 0));

	if (unfinished && session->deadline.list == &session->worker->deadlines[DEADLINE_IDLE])
		session_set_deadline(session, DEADLINE_HANDSHAKE,
				     session_config(session)->handshake_timeout_ms);
}

void session_read(struct session *session)
{
	/* What the last request left may hold the next one already. */
	if (buffer_len(&session->input) > 0)
		session->protocol->on_input(session);
	while (session->state == SESSION_ASKING && session_read_once(session))
		session->protocol->on_input(session);
	session_limit_request(session);
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
	stream_wake(&session->stream);
}

/* While we wait for something else, only a broken connection matters; bytes and FIN are for later.
 */
static void session_check_alive(struct session *session)
{
	if (stream_is_broken(&session->stream))
		session_end(session, "client reset", true);
}

static void session_on_ready(void *arg)
{
	struct session *session = arg;

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
	session->state = SESSION_RELAYING;
	session->relay.origin_seen_at_ms =
		session->record.lane == NULL ? NULL : &session->record.lane->seen_at_ms;
	session_set_deadline(session, DEADLINE_IDLE, session_config(session)->idle_timeout_ms);
	relay_start(&session->relay, session->worker->relays, session->stream, origin,
		    &session->input, from_origin, session_on_relay_end);
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
	if (buffer_len(&session->input) > 0 || stream_may_read(&session->stream))
		stream_wake(&session->stream);
}

void session_linger(struct session *session)
{
	session->state = SESSION_LINGERING;
	buffer_clear(&session->input);
	stream_shutdown(&session->stream);
	session_set_deadline(session, DEADLINE_LINGER, SESSION_LINGER_MS);
	session_drain(session);
}
