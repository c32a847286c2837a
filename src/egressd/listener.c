/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accepting clients, making room when descriptors get few, and pausing when there are none left. */
#include "egressd/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "egressd/session.h"
#include "egressd/worker.h"
#include "net/listen.h"

enum {
	LISTENER_BATCH = 32,            /* clients accepted before others get their turn */
	LISTENER_PAUSE_US = 100 * 1000, /* or until a session ends */
};

/* Level-triggered readiness would spin while accept fails: every listener waits until a descriptor
 * is free. */
static void listener_pause(struct worker *worker)
{
	static const struct timeval pause = {0, LISTENER_PAUSE_US};
	struct listener *listener;

	if (worker->accept_paused)
		return;
	worker->accept_paused = true;
	counter_add(&worker->counters.accept_pauses, 1);
	log_warn("accepting pauses: %m (raise the limit of open files: ulimit -n, LimitNOFILE=)");
	SLIST_FOREACH(listener, &worker->listeners, link)
	event_del(&listener->event);
	evtimer_add(&worker->accept_event, &pause);
}

static bool listener_may_end(const struct session *session)
{
	return session->state == SESSION_ASKING;
}

/* The source of more than half of the sessions that ask for nothing, if there is one (Boyer and
 * Moore's vote); AF_UNSPEC: none has so many. */
static struct address listener_find_crowd(const struct worker *worker)
{
	struct address leader = {.family = AF_UNSPEC};
	const struct session *session;
	size_t votes = 0, of_leader = 0, all = 0;

	TAILQ_FOREACH(session, &worker->sessions, link)
	{
		if (!listener_may_end(session))
			continue;
		if (votes == 0)
			leader = session->peer;
		votes += address_equals(&leader, &session->peer) ? 1 : (size_t)-1;
		all++;
	}
	TAILQ_FOREACH(session, &worker->sessions, link)
	of_leader += listener_may_end(session) && address_equals(&leader, &session->peer);
	return of_leader > all / 2 ? leader : (struct address){.family = AF_UNSPEC};
}

/*
 * A session costs a descriptor from its first moment, and no limit of the policy holds before it
 * has asked: without this one source that only connects would keep all others out.
 */
static void listener_make_room(struct worker *worker)
{
	struct address crowd = listener_find_crowd(worker);
	struct session *session, *next;
	unsigned ended = 0;

	if (crowd.family == AF_UNSPEC)
		return;
	for (session = TAILQ_FIRST(&worker->sessions); session != NULL && ended < LISTENER_BATCH;
	     session = next) {
		next = TAILQ_NEXT(session, link);
		if (!listener_may_end(session) || !address_equals(&crowd, &session->peer))
			continue;
		session_end(session, "descriptors are few", false);
		ended++;
	}
}

static void listener_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;
	struct worker *worker = listener->worker;
	bool made_room = false;

	(void)what;
	for (int i = 0; i < LISTENER_BATCH; i++) {
		struct address peer;
		int client = listen_accept(fd, &peer);

		/* The kernel gives the lowest number that is free. */
		if (client >= worker->shared->descriptors_few && !made_room) {
			made_room = true;
			listener_make_room(worker);
		}
		if (client >= 0) {
			session_start(worker, listener->endpoint, client, &peer);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			listener_pause(worker);
		/* ECONNABORTED and its like concern one client: the next one may be fine. */
		if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO)
			return;
	}
}

void listener_serve(struct listener *listener, const struct endpoint *endpoint)
{
	listener->endpoint = endpoint;
	/* Behind a forward the server may be the one that speaks first. */
	listen_defer_accept(listener->fd, endpoint->forward == NULL);
}

int listener_open(struct worker *worker, const struct endpoint *endpoint, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL) {
		fd_close(fd);
		return -1;
	}
	listener->worker = worker;
	listener->address = endpoint->address;
	listener->fd = fd;
	listener_serve(listener, endpoint);
	event_assign(&listener->event, worker->base, fd, EV_READ | EV_PERSIST, listener_on_ready,
		     listener);
	if (!worker->accept_paused && event_add(&listener->event, NULL) < 0) {
		fd_close(fd);
		free(listener);
		return -1;
	}
	SLIST_INSERT_HEAD(&worker->listeners, listener, link);
	return 0;
}

void listener_close(struct listener *listener)
{
	SLIST_REMOVE(&listener->worker->listeners, listener, listener, link);
	event_del(&listener->event);
	fd_close(listener->fd);
	free(listener);
}

void listener_resume(struct listener *listener)
{
	event_add(&listener->event, NULL);
}
