/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: an event loop in a thread of its own, which ends when told through an eventfd. */
#ifndef TESTS_UNIT_CONTROL_LOOP_H
#define TESTS_UNIT_CONTROL_LOOP_H

#include <event2/event.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop {
	struct event_base *base;
	struct event *stop_event;
	int stop_fd;
	pthread_t thread;
};

static void loop_on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void *loop_run(void *arg)
{
	event_base_dispatch(arg);
	return NULL;
}

static inline void loop_init(struct loop *loop)
{
	loop->base = event_base_new();
	loop->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop->stop_event = event_new(loop->base, loop->stop_fd, EV_READ, loop_on_stop, loop->base);
	event_add(loop->stop_event, NULL);
}

static inline int loop_start(struct loop *loop)
{
	return pthread_create(&loop->thread, NULL, loop_run, loop->base);
}

/* After it the base belongs to the caller's thread again. */
static inline int loop_stop(struct loop *loop)
{
	uint64_t one = 1;

	if (write(loop->stop_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		return -1;
	return pthread_join(loop->thread, NULL);
}

static inline void loop_clear(struct loop *loop)
{
	event_free(loop->stop_event);
	event_base_free(loop->base);
	close(loop->stop_fd);
}

#endif
