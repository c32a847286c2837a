/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SOCKS5 UDP ASSOCIATE: a socket for the client's datagrams, a verdict for every destination. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"
#include "net/association.h"
#include "proto/socks.h"

enum {
	UDP_CONTROL_READS = 64,
};

/* Asked once for every destination, and again while its tunnel is away: the policy, then the
 * tunnel. What must wait for a tunnel is dropped: it is UDP. */
static int session_judge_datagram(void *arg, const struct host *host, uint16_t port,
				  struct dial_route *route)
{
	struct session *session = arg;
	const struct snapshot *snapshot = session->snapshot;
	struct request request = {session->client, host, port, TRANSPORT_UDP};
	struct record *record = &session->record;
	struct verdict verdict;
	struct lane *lane;

	policy_decide(snapshot->config->policy, &request, &verdict);
	if (!verdict.allowed || snapshot->egresses[verdict.egress].upstream != NULL)
		return -1;
	/* One association, one egress: its answers must all belong to the same epoch. */
	lane = session->worker->lane_of_egress[verdict.egress];
	if (!lane->is_up) {
		errno = EAGAIN;
		return -1;
	}
	if ((record->lane != NULL && record->lane != lane) ||
	    (record->epoch != 0 && record->epoch != lane->epoch))
		return -1;
	record->lane = lane;
	record->epoch = lane->epoch;
	record->verdict = verdict;
	if (lane_route(lane, session->worker->base, &snapshot->egresses[verdict.egress],
		       snapshot->guard, route) < 0)
		return -1;
	route->asker = session->peer;
	return 0;
}

/* The client reached us at this address; its datagrams will come there as well. */
static int session_local_address(const struct session *session, struct address *local)
{
	struct sockaddr_storage storage;
	socklen_t len = sizeof(storage);

	if (getsockname(session->stream.fd, (struct sockaddr *)&storage, &len) < 0)
		return -1;
	*local = address_from_sockaddr((struct sockaddr *)&storage, len);
	local->port = 0;
	return local->family == AF_UNSPEC ? -1 : 0;
}

/* With "udp-ports LOW-HIGH" the first free one is taken; without, any. */
static struct association *session_open_association(struct session *session,
						    struct association_settings *settings)
{
	const struct config *config = session->snapshot->config;
	struct association *association = NULL;
	uint32_t span = (uint32_t)config->udp_port_high - config->udp_port_low + 1;

	if (config->udp_port_low == 0)
		return association_new(session->worker->base, settings);
	for (uint32_t i = 0; i < span && association == NULL; i++) {
		settings->local.port = (uint16_t)(config->udp_port_low + (session->id + i) % span);
		association = association_new(session->worker->base, settings);
		if (association == NULL && errno != EADDRINUSE)
			break;
	}
	return association;
}

void session_watch_association(struct session *session)
{
	/* RFC 1928 7: the association lives as long as this connection; nothing is said on it any
	 * more. */
	for (int i = 0; i < UDP_CONTROL_READS; i++) {
		ssize_t got = stream_read(&session->stream, session->worker->scratch,
					  WORKER_SCRATCH_SIZE);

		if (got > 0)
			continue;
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			session_end(session, "client closed", false);
		return;
	}
	session_end(session, "client talks on an association", true);
}

void session_associate(struct session *session)
{
	struct association_settings settings = {
		.client = session->peer, .judge = session_judge_datagram, .arg = session};
	uint8_t reply[SOCKS_REPLY_MAX];
	struct address bound;

	session->record.protocol = COUNTED_UDP;
	session->record.transport = TRANSPORT_UDP;
	/* The client tells where it will send from, or zeros (RFC 1928 4). Only its port can be
	 * believed. */
	settings.client.port = session->record.port;
	session->record.host = (struct host){0};
	session->record.port = 0;
	record_begin(&session->record);
	counter_add(&session->worker->counters.requests[COUNTED_UDP], 1);
	if (session_local_address(session, &settings.local) == 0)
		session->association = session_open_association(session, &settings);
	if (session->association == NULL) {
		session_refuse(session, REFUSAL_NO_RESOURCES, NULL);
		return;
	}
	session->state = SESSION_ASSOCIATED;
	deadline_set(&session->deadline, &session->worker->deadlines[DEADLINE_IDLE],
		     clock_monotonic_ms() + session->snapshot->config->idle_timeout_ms);
	bound = association_address(session->association);
	/* The client's end may have come with its request, and no edge will tell of it again. */
	if (session_say(session, reply, socks5_write_reply(reply, SOCKS5_SUCCEEDED, &bound)))
		session_watch_association(session);
}
