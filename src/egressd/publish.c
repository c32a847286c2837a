/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker takes over a new snapshot, and new tunnel epochs: what no longer holds is ended, the
 * rest goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "egressd/listener.h"
#include "egressd/origin_pool.h"
#include "egressd/publish.h"
#include "egressd/session.h"
#include "egressd/worker.h"

struct worker_publish_message {
	struct message message; /* goes back to main once it is applied */
	void (*applied)(struct message *message, void *owner);
	struct snapshot *snapshot;
	size_t count;
	struct worker_socket sockets[];
};

static struct lane *worker_find_lane(struct worker *worker, const char *name)
{
	struct lane *lane;

	SLIST_FOREACH(lane, &worker->lanes, link)
	{
		if (strcmp(lane->name, name) == 0)
			return lane;
	}
	lane = calloc(1, sizeof(*lane));
	if (lane != NULL)
		SLIST_INSERT_HEAD(&worker->lanes, lane, link);
	return lane;
}

static bool session_used_lane(const struct session *session, const struct lane *lane)
{
	return session->record.open && session->record.lane == lane && session->record.epoch != 0;
}

/* Every session of another epoch of the lane ends now; its resolver may only go after them. */
static void worker_end_lane(struct worker *worker, struct lane *lane, const char *end)
{
	struct session *session, *next;

	for (session = TAILQ_FIRST(&worker->sessions); session != NULL; session = next) {
		next = TAILQ_NEXT(session, link);
		if (!session_used_lane(session, lane))
			continue;
		counter_add(&worker->counters.ended_by_epoch, 1);
		session_end(session, end, true);
	}
	origin_pool_flush(worker->origins, lane);
	lane_clear(lane);
}

static void worker_release_held(struct worker *worker, const struct lane *lane)
{
	struct session *session, *next;

	/* The tunnel may go again meanwhile; who is held anew then stands at the end of this list.
	 */
	for (session = TAILQ_FIRST(&worker->held); session != NULL && lane->is_up; session = next) {
		next = TAILQ_NEXT(session, held_link);
		if (session->record.lane == lane)
			session_release(session);
	}
}

static bool worker_is_halted(const struct worker *worker)
{
	return atomic_load_explicit(&worker->shared->halted, memory_order_acquire);
}

/* Whatever reaches beyond us, forwards too, ends; who asks or waits may go on doing so. */
static void worker_halt(struct worker *worker)
{
	struct session *session, *next;

	for (session = TAILQ_FIRST(&worker->sessions); session != NULL; session = next) {
		next = TAILQ_NEXT(session, link);
		if (session->state > SESSION_HELD && session->state < SESSION_LINGERING)
			session_end(session, "halted", true);
	}
	origin_pool_flush(worker->origins, NULL);
}

static void worker_look_at_rules(struct worker *worker)
{
	bool halted = worker_is_halted(worker);

	if (halted && !worker->halted)
		worker_halt(worker);
	worker->halted = halted;
}

static void worker_look_at_lane(struct worker *worker, struct lane *lane)
{
	if (lane_look(lane, worker->halted, true))
		worker_end_lane(worker, lane, "tunnel epoch over");
	if (lane->is_up)
		worker_release_held(worker, lane);
}

struct lane *worker_lane(struct worker *worker, int egress)
{
	struct lane *lane = worker->lane_of_egress[egress];

	if (lane_look(lane, worker_is_halted(worker), false))
		worker_end_lane(worker, lane, "tunnel epoch over");
	return lane;
}

void worker_look_at_tunnels(struct worker *worker)
{
	struct lane *lane;

	worker_look_at_rules(worker);
	SLIST_FOREACH(lane, &worker->lanes, link)
	worker_look_at_lane(worker, lane);
}

static int worker_configure_lanes(struct worker *worker, struct snapshot *snapshot)
{
	struct lane **lanes = calloc(snapshot->egress_count + 1, sizeof(struct lane *));

	if (lanes == NULL)
		return -1;
	for (size_t i = 0; i < snapshot->egress_count; i++) {
		lanes[i] = worker_find_lane(worker, snapshot->egresses[i].config->name);
		if (lanes[i] == NULL) {
			free(lanes);
			return -1;
		}
		lanes[i]->resolver_counters = &worker->counters.resolver;
		if (lane_configure(lanes[i], &snapshot->egresses[i]))
			worker_end_lane(worker, lanes[i], "egress changed");
	}
	free(worker->lane_of_egress);
	worker->lane_of_egress = lanes;
	return 0;
}

static void worker_move_listeners(struct worker *worker, const struct snapshot *snapshot)
{
	struct listener *listener, *next;
	const struct endpoint *endpoint;

	for (listener = SLIST_FIRST(&worker->listeners); listener != NULL; listener = next) {
		next = SLIST_NEXT(listener, link);
		endpoint = snapshot_find_endpoint(snapshot, &listener->address);
		if (endpoint == NULL)
			listener_close(listener);
		else
			listener_serve(listener, endpoint);
	}
}

static void worker_open_listeners(struct worker *worker,
				  const struct worker_publish_message *publish)
{
	for (size_t i = 0; i < publish->count; i++) {
		const struct endpoint *endpoint =
			snapshot_find_endpoint(publish->snapshot, &publish->sockets[i].address);

		if (endpoint == NULL || worker->draining)
			fd_close(publish->sockets[i].fd);
		else if (listener_open(worker, endpoint, publish->sockets[i].fd) < 0)
			log_error("worker %u cannot accept on a new listener: %m", worker->index);
	}
}

static void worker_redecide(struct worker *worker)
{
	struct session *session;

	/* One that begins anew may find a tunnel's epoch over, and end any of the others: no
	 * neighbour can be remembered. Who has moved, moves to the end. */
	while ((session = TAILQ_FIRST(&worker->sessions)) != NULL &&
	       session->snapshot != worker->snapshot) {
		TAILQ_REMOVE(&worker->sessions, session, link);
		TAILQ_INSERT_TAIL(&worker->sessions, session, link);
		session_redecide(session, worker->snapshot);
	}
}

static void worker_on_publish(struct message *message, void *owner)
{
	struct worker_publish_message *publish = (void *)message;
	struct worker *worker = owner;
	struct snapshot *old = worker->snapshot;

	/* Pooled connections belong to clients as the old policy numbered them. */
	origin_pool_flush(worker->origins, NULL);
	/* One worker by the old policy, while it is said that the new one is in force, is worse
	 * than a proxy that is started anew. */
	if (worker_configure_lanes(worker, publish->snapshot) < 0)
		abort();
	worker->snapshot = publish->snapshot;
	worker_move_listeners(worker, worker->snapshot);
	worker_open_listeners(worker, publish);
	worker_redecide(worker);
	snapshot_unref(old);
	worker_look_at_tunnels(worker);
	publish->message.run = publish->applied;
	mailbox_post(worker->owner, &publish->message);
}

void worker_publish(struct worker *worker, struct snapshot *snapshot,
		    const struct worker_socket *sockets, size_t count,
		    void (*applied)(struct message *message, void *owner))
{
	struct worker_publish_message *publish =
		malloc(sizeof(*publish) + count * sizeof(*sockets));

	if (publish == NULL)
		abort();
	publish->message.run = worker_on_publish;
	publish->applied = applied;
	publish->snapshot = snapshot_ref(snapshot);
	publish->count = count;
	if (count > 0)
		memcpy(publish->sockets, sockets, count * sizeof(*sockets));
	mailbox_post(&worker->mailbox, &publish->message);
}

static void worker_on_tunnels(struct message *message, void *owner)
{
	struct worker *worker = owner;

	(void)message;
	/* First: a change from here on is another message. */
	atomic_store(&worker->tunnels_posted, false);
	worker_look_at_tunnels(worker);
}

void worker_wake_tunnels(struct worker *worker)
{
	if (atomic_exchange(&worker->tunnels_posted, true))
		return;
	worker->tunnels_message.run = worker_on_tunnels;
	mailbox_post(&worker->mailbox, &worker->tunnels_message);
}
