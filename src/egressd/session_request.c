/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a request, in the order things happen: decide, hold, dial, or refuse. */
#include <errno.h>
#include <string.h>

#include "egressd/exchange.h"
#include "egressd/protocol.h"
#include "egressd/publish.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"

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

/* Half of the places are for whoever comes; the other half for sources that have no more than their
 * share already, so that one that asks without end does not take the wait away from all. */
static bool session_has_place(const struct session *session, uint32_t held)
{
	const struct worker *worker = session->worker;
	unsigned share = WORKER_HELD_MAX / 2 / worker->shared->workers;
	const struct session *other;
	unsigned count = 0;

	if (held < WORKER_HELD_MAX / 2 || held >= WORKER_HELD_MAX)
		return held < WORKER_HELD_MAX;
	TAILQ_FOREACH(other, &worker->held, held_link)
	count += address_equals(&other->peer, &session->peer);
	return count <= share;
}

static void session_hold(struct session *session)
{
	struct worker *worker = session->worker;
	uint32_t held = atomic_fetch_add_explicit(&worker->shared->held, 1, memory_order_relaxed);

	session->state = SESSION_HELD;
	TAILQ_INSERT_TAIL(&worker->held, session, held_link);
	counter_add(&worker->counters.held_now, 1);
	if (!session_has_place(session, held)) {
		session_refuse(session, REFUSAL_HOLD_FULL, NULL);
		return;
	}
	counter_add(&worker->counters.held_total, 1);
	session_set_deadline(session, DEADLINE_HOLD, session_config(session)->hold_ms);
}

void session_unhold(struct session *session)
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
	route.asker = session->peer;
	session->dial = dial_start(worker->poller, &route, &record->host, record->port,
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
