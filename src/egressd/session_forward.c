/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forward line: a plain TCP relay from a published port to an app inside. */
#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"

#include <stdio.h>
#include <string.h>

bool forward_allows(const struct forward_config *forward, const struct address *peer)
{
	for (size_t i = 0; i < forward->from_count; i++) {
		if (prefix_contains(&forward->from[i], peer))
			return true;
	}
	return forward->from_count == 0;
}

static void forward_on_dialed(void *arg, enum dial_result result, struct stream stream,
			      const struct address *peer, const char *detail)
{
	struct session *session = arg;
	struct buffer nothing = {0};

	session->dial = NULL;
	session->record.address = *peer;
	if (result != DIAL_OK)
		session_refuse(session, refusal_of_dial(result), detail);
	else
		session_relay(session, stream, &nothing);
}

static void forward_start(struct session *session)
{
	const struct forward_config *forward = session->endpoint->forward;
	/* The target stands in the policy file: the guard is for what clients ask for. */
	struct dial_route route = {.ipv4 = true, .ipv6 = true, .allow_private = true};

	session->state = SESSION_DIALING;
	session->dial = dial_start(
		session->worker->poller, &route, &session->record.host, forward->target.port,
		(int)session->snapshot->config->connect_timeout_ms, forward_on_dialed, session);
	if (session->dial == NULL)
		session_refuse(session, REFUSAL_NO_RESOURCES, NULL);
}

static void forward_on_input(struct session *session)
{
	const struct forward_config *forward = session->endpoint->forward;
	struct record *record = &session->record;

	deadline_clear(&session->deadline);
	record_set_method(record, "FORWARD", strlen("FORWARD"));
	record->protocol = COUNTED_FORWARD;
	record->transport = TRANSPORT_TCP;
	record->host = host_from_address(&forward->target);
	record->port = forward->target.port;
	record_begin(record);
	counter_add(&session->worker->counters.requests[COUNTED_FORWARD], 1);
	session_identify(session, NULL, 0);
	if (!forward_allows(forward, &session->peer))
		session_refuse(session, REFUSAL_POLICY, "this forward is not open to that address");
	else if (atomic_load_explicit(&session->worker->shared->halted, memory_order_acquire))
		session_refuse(session, REFUSAL_TUNNEL_DOWN,
			       "the packet rules are not known to be in force");
	else
		forward_start(session);
}

static void forward_on_refused(struct session *session, enum refusal refusal, const char *detail)
{
	record_end(session, &session->record, refusal_words(refusal)->name, detail);
	session_end(session, "refused", false);
}

const struct protocol protocol_forward = {
	.on_input = forward_on_input,
	.on_refused = forward_on_refused,
};
