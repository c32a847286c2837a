/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accepting clients, and pausing when there are no descriptors left. */
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

static void listener_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)what;
	for (int i = 0; i < LISTENER_BATCH; i++) {
		struct address peer;
		int client = listen_accept(fd, &peer);

		if (client >= 0) {
			session_start(listener->worker, listener->endpoint, client, &peer);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			listener_pause(listener->worker);
		/* ECONNABORTED and its like concern one client: the next one may be fine. */
		if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO)
			return;
	}
}

int listener_open(struct worker *worker, const struct endpoint *endpoint, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL) {
		fd_close(fd);
		return -1;
	}
	listener->worker = worker;
	listener->endpoint = endpoint;
	listener->address = endpoint->address;
	listener->fd = fd;
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
