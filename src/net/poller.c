/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One epoll_wait for many streams, and the queue of those that have more to do. */
#include "net/poller.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/fd.h"
#include "watch.h"

enum {
	POLLER_BATCH = 64, /* streams served before libevent's own events get their turn */
};

TAILQ_HEAD(watch_queue, watch);

struct poller {
	struct event_base *base;
	int epoll;
	struct event event; /* some stream is ready */
	struct event turn;  /* some stream is queued */
	struct watch_queue queued;
	struct watch_queue over; /* the batch being served may still name them */
};

static void poller_bury(struct poller *poller)
{
	struct watch *watch;

	while ((watch = TAILQ_FIRST(&poller->over)) != NULL) {
		TAILQ_REMOVE(&poller->over, watch, link);
		free(watch);
	}
}

static void watch_note(struct watch *watch, uint32_t events)
{
	watch->readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0;
	watch->writable |= (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
	/* A read stops short at the urgent mark, too. */
	watch->ends |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0;
	watch->broken |= (events & EPOLLERR) != 0;
}

static void poller_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct poller *poller = arg;
	struct epoll_event events[POLLER_BATCH];
	int count = epoll_wait(fd, events, POLLER_BATCH, 0);

	(void)what;
	for (int i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		watch_note(watch, events[i].events);
		/* One that is queued gets its turn with the others of the queue. */
		if (!watch->over && !watch->queued && watch->on_ready != NULL)
			watch->on_ready(watch->arg);
	}
	poller_bury(poller);
}

/* As many turns as streams are queued now; those that queue again wait for the next events. */
static void poller_on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct poller *poller = arg;
	struct watch *watch;
	size_t turns = 0;

	(void)fd;
	(void)what;
	TAILQ_FOREACH(watch, &poller->queued, link)
	turns++;
	while (turns-- > 0 && (watch = TAILQ_FIRST(&poller->queued)) != NULL) {
		TAILQ_REMOVE(&poller->queued, watch, link);
		watch->queued = false;
		if (watch->on_ready != NULL)
			watch->on_ready(watch->arg);
	}
	poller_bury(poller);
}

struct poller *poller_new(struct event_base *base)
{
	struct poller *poller = calloc(1, sizeof(*poller));

	if (poller == NULL)
		return NULL;
	poller->base = base;
	TAILQ_INIT(&poller->queued);
	TAILQ_INIT(&poller->over);
	poller->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (poller->epoll < 0)
		goto fail;
	evtimer_assign(&poller->turn, base, poller_on_turn, poller);
	event_assign(&poller->event, base, poller->epoll, EV_READ | EV_PERSIST, poller_on_ready,
		     poller);
	if (event_add(&poller->event, NULL) == 0)
		return poller;
fail:
	fd_close(poller->epoll);
	free(poller);
	return NULL;
}

void poller_free(struct poller *poller)
{
	if (poller == NULL)
		return;
	event_del(&poller->event);
	event_del(&poller->turn);
	poller_bury(poller);
	fd_close(poller->epoll);
	free(poller);
}

struct event_base *poller_base(const struct poller *poller)
{
	return poller->base;
}

struct watch *watch_new(struct poller *poller, int fd)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET,
		.data.ptr = watch,
	};

	if (watch == NULL)
		return NULL;
	watch->poller = poller;
	if (epoll_ctl(poller->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return watch;
	free(watch);
	return NULL;
}

void watch_wake(struct watch *watch)
{
	static const struct timeval at_once = {0, 0};
	struct poller *poller = watch->poller;

	if (watch->queued)
		return;
	watch->queued = true;
	TAILQ_INSERT_TAIL(&poller->queued, watch, link);
	if (!evtimer_pending(&poller->turn, NULL))
		evtimer_add(&poller->turn, &at_once);
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->queued)
		TAILQ_REMOVE(&watch->poller->queued, watch, link);
	watch->queued = false;
	watch->over = true;
	TAILQ_INSERT_TAIL(&watch->poller->over, watch, link);
}
