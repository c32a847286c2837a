/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How sessions end, run out of time, or survive a reload. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "egressd/exchange.h"
#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"
#include "net/association.h"

static void session_count_relay(struct session *session)
{
	if (session->state != SESSION_RELAYING)
		return;
	session->record.sent += session->relay.client.bytes;
	session->record.received += session->relay.origin.bytes;
}

static void session_count_association(struct session *session)
{
	struct association_counters counters;

	if (session->association == NULL)
		return;
	association_counters(session->association, &counters);
	session->record.sent += counters.bytes_from_client;
	session->record.received += counters.bytes_to_client;
}

static void session_close_streams(struct session *session, bool reset)
{
	if (session->relay.engine != NULL) {
		/* The relay has taken the client's stream. */
		session->stream = stream_none();
		relay_stop(&session->relay, reset);
		return;
	}
	if (reset)
		stream_reset(&session->stream);
	else
		stream_close(&session->stream);
}

void session_end(struct session *session, const char *end, bool reset)
{
	struct worker *worker = session->worker;

	if (session->state == SESSION_ENDED)
		return;
	session_count_relay(session);
	session_count_association(session);
	record_end(session, &session->record, end, NULL);
	session_unhold(session);
	session_count_client(session, false);
	session->state = SESSION_ENDED;
	deadline_clear(&session->deadline);
	login_forget(&session->login);
	if (session->dial != NULL)
		dial_cancel(session->dial);
	session->dial = NULL;
	exchange_free(session->exchange);
	session->exchange = NULL;
	if (session->association != NULL)
		association_free(session->association);
	session->association = NULL;
	session_close_streams(session, reset);
	buffer_clear(&session->input);
	TAILQ_REMOVE(&worker->sessions, session, link);
	TAILQ_INSERT_TAIL(&worker->ended, session, link);
	counter_add(&worker->counters.sessions_active, (uint64_t)-1);
}

void session_free(struct session *session)
{
	snapshot_unref(session->snapshot);
	free(session->user);
	free(session);
}

static int64_t session_active_at_ms(const struct session *session)
{
	if (session->state == SESSION_RELAYING)
		return session->relay.active_at_ms;
	if (session->state == SESSION_EXCHANGING)
		return exchange_active_at_ms(session->exchange);
	return association_active_at_ms(session->association);
}

/* Nothing re-arms a timer for every byte: when the time is over, look whether there were any. */
static void session_check_idle(struct session *session)
{
	int64_t idle_ms = session->snapshot->config->idle_timeout_ms;
	int64_t over_at_ms = session_active_at_ms(session) + idle_ms;

	if (over_at_ms > clock_monotonic_ms())
		deadline_set(&session->deadline, &session->worker->deadlines[DEADLINE_IDLE],
			     over_at_ms);
	else if (session->state == SESSION_EXCHANGING)
		exchange_on_timeout(session->exchange);
	else
		session_end(session, "idle", true);
}

void session_on_deadline(struct session *session)
{
	switch (session->state) {
	case SESSION_HELD:
		session_refuse(session, REFUSAL_TUNNEL_DOWN, NULL);
		break;
	case SESSION_RELAYING:
	case SESSION_EXCHANGING:
	case SESSION_ASSOCIATED:
		session_check_idle(session);
		break;
	case SESSION_ENDED:
		break;
	default:
		/* In order: a RST would take back what the kernel still holds for a slow reader. */
		session_end(session, "timeout", false);
	}
}

/* Moves over to the new snapshot; the caller still holds the old one. False: its endpoint is no
 * more. */
static bool session_move(struct session *session, struct snapshot *snapshot)
{
	const struct endpoint *endpoint =
		snapshot_find_endpoint(snapshot, &session->endpoint->address);
	bool counted = session->counted;

	if (endpoint == NULL || (endpoint->forward == NULL) != (session->endpoint->forward == NULL))
		return false;
	session_count_client(session, false);
	session->snapshot = snapshot_ref(snapshot);
	session->endpoint = endpoint;
	session->client = session_who(session);
	session_count_client(session, counted);
	return true;
}

/* Nothing has reached an origin yet: it may as well go another way. */
static bool session_is_on_its_way(const struct session *session)
{
	return session->state == SESSION_HELD || session->state == SESSION_DIALING;
}

static bool session_still_allowed(struct session *session)
{
	struct record *record = &session->record;
	struct request request = {session->client, &record->host, record->port, record->transport};
	const struct forward_config *forward = session->endpoint->forward;

	/* Whatever it was, rule and egress are the old snapshot's. */
	record->verdict = (struct verdict){.egress = POLICY_EGRESS_NONE};
	if (forward != NULL)
		return forward_allows(forward, &session->peer) &&
		       address_equals(&forward->target, &record->host.address) &&
		       forward->target.port == record->port;
	if (!record->open)
		return true;
	if (!session_is_logged_in(session))
		return false;
	if (record->host.name_len == 0)
		return true;
	policy_decide(session->snapshot->config->policy, &request, &record->verdict);
	if (!record->verdict.allowed)
		return false;
	return record->lane == NULL || session_is_on_its_way(session) ||
	       record->lane == session->worker->lane_of_egress[record->verdict.egress];
}

/* What a session is underway with may point into the old snapshot; begin that anew. */
static void session_start_over(struct session *session)
{
	if (session->association != NULL) {
		/* It may go by another egress from now on. */
		session->record.lane = NULL;
		session->record.epoch = 0;
		association_forget_verdicts(session->association);
	}
	if (!session_is_on_its_way(session) || session->endpoint->forward != NULL)
		return;
	dial_cancel(session->dial);
	session->dial = NULL;
	session_release(session);
}

void session_redecide(struct session *session, struct snapshot *snapshot)
{
	struct snapshot *old = session->snapshot;

	if (!session_move(session, snapshot)) {
		counter_add(&session->worker->counters.ended_by_reload, 1);
		session_end(session, "listener removed", true);
		return;
	}
	if (session_still_allowed(session)) {
		session_start_over(session);
	} else {
		counter_add(&session->worker->counters.ended_by_reload, 1);
		session_end(session, "policy changed", true);
	}
	snapshot_unref(old);
}
