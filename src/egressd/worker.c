/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a worker's thread: accept, mail, the tick of every second, the end. */
#include "egressd/worker.h"
#include "egressd/publish.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "egressd/listener.h"
#include "egressd/origin_pool.h"
#include "egressd/session.h"
#include "net/pipe_pool.h"
#include "net/poller.h"
#include "net/relay.h"

enum {
	WORKER_TICK_MS = 500,
	WORKER_DISPATCH_MAX = 64, /* callbacks before looking for new events */
	WORKER_PIPES_ALL = 64,    /* of 1 MiB, for the whole uid (pipe-user-pages-soft) */
};

/* Between two turns of the loop nobody looks at an ended session any more. */
static void worker_reap(struct worker *worker)
{
	struct session *session;

	if (TAILQ_EMPTY(&worker->ended))
		return;
	while ((session = TAILQ_FIRST(&worker->ended)) != NULL) {
		TAILQ_REMOVE(&worker->ended, session, link);
		session_free(session);
	}
	worker_resume_accept(worker);
}

static void worker_on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	mailbox_run(&worker->mailbox, worker);
}

static void worker_end_sessions(struct worker *worker, const char *end)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&worker->sessions)) != NULL)
		session_end(session, end, true);
}

static void worker_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	int64_t now_ms = clock_monotonic_ms();
	struct lane *lane;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < DEADLINE_KINDS; i++)
		deadline_list_check(&worker->deadlines[i], now_ms);
	origin_pool_check(worker->origins, now_ms);
	pipe_pool_trim(worker->pipes);
	worker_look_at_tunnels(worker);
	SLIST_FOREACH(lane, &worker->lanes, link)
	lane_note_alive(lane);
}

static void worker_on_accept_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	worker_resume_accept(arg);
}

void worker_resume_accept(struct worker *worker)
{
	struct listener *listener;

	if (!worker->accept_paused)
		return;
	worker->accept_paused = false;
	SLIST_FOREACH(listener, &worker->listeners, link)
	listener_resume(listener);
}

static int worker_new_base(struct worker *worker)
{
	struct event_config *config = event_config_new();

	if (config == NULL)
		return -1;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	/* A session that goes on by activating its own event must not keep the others from being
	 * heard. */
	event_config_set_max_dispatch_interval(config, NULL, WORKER_DISPATCH_MAX, 0);
	worker->base = event_base_new_with_config(config);
	event_config_free(config);
	return worker->base == NULL ? -1 : 0;
}

static int worker_add_events(struct worker *worker)
{
	static const struct timeval tick = {0, WORKER_TICK_MS * 1000};

	evtimer_assign(&worker->accept_event, worker->base, worker_on_accept_again, worker);
	event_assign(&worker->mail_event, worker->base, worker->mailbox.fd, EV_READ | EV_PERSIST,
		     worker_on_mail, worker);
	event_assign(&worker->tick_event, worker->base, -1, EV_PERSIST, worker_on_tick, worker);
	if (event_add(&worker->mail_event, NULL) < 0 || event_add(&worker->tick_event, &tick) < 0)
		return -1;
	return 0;
}

static void worker_on_deadline(struct deadline *deadline)
{
	session_on_deadline(CONTAINER_OF(deadline, struct session, deadline));
}

struct worker *worker_new(struct worker_shared *shared, unsigned index)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL)
		return NULL;
	worker->shared = shared;
	worker->index = index;
	TAILQ_INIT(&worker->sessions);
	TAILQ_INIT(&worker->ended);
	TAILQ_INIT(&worker->held);
	for (size_t i = 0; i < DEADLINE_KINDS; i++)
		deadline_list_init(&worker->deadlines[i], worker_on_deadline);
	worker->mailbox.fd = -1;
	if (mailbox_init(&worker->mailbox) < 0 || worker_new_base(worker) < 0 ||
	    worker_add_events(worker) < 0)
		goto fail;
	worker->poller = poller_new(worker->base);
	worker->pipes = pipe_pool_new(WORKER_PIPES_ALL / shared->workers);
	worker->relays = relay_engine_new(worker->pipes);
	worker->origins = origin_pool_new();
	worker->logins = login_desk_new(shared->login_checker, &worker->mailbox);
	if (worker->poller == NULL || worker->pipes == NULL || worker->relays == NULL ||
	    worker->origins == NULL || worker->logins == NULL)
		goto fail;
	return worker;
fail:
	worker_free(worker);
	return NULL;
}

static bool worker_is_done(const struct worker *worker)
{
	return worker->draining &&
	       (TAILQ_EMPTY(&worker->sessions) || clock_monotonic_ms() >= worker->drain_until_ms);
}

static void *worker_run(void *arg)
{
	struct worker *worker = arg;

	while (!worker_is_done(worker)) {
		event_base_loop(worker->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
		worker_reap(worker);
	}
	worker_end_sessions(worker, "shutting down");
	worker_reap(worker);
	/* Whoever still waits for an answer gets one. */
	mailbox_run(&worker->mailbox, worker);
	mailbox_post(worker->owner, &worker->ended_message);
	return NULL;
}

int worker_start(struct worker *worker)
{
	sigset_t all, before;
	int err;

	/* Signals are for main alone. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&worker->thread, NULL, worker_run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = err;
	worker->started = err == 0;
	return err == 0 ? 0 : -1;
}

struct worker_stop_message {
	struct message message;
	int64_t drain_ms;
};

static void worker_end_idle_clients(struct worker *worker)
{
	struct session *session, *next;

	for (session = TAILQ_FIRST(&worker->sessions); session != NULL; session = next) {
		next = TAILQ_NEXT(session, link);
		if (session->state == SESSION_ASKING && buffer_len(&session->input) == 0)
			session_end(session, "shutting down", false);
	}
}

static void worker_on_stop(struct message *message, void *owner)
{
	struct worker_stop_message *stop = (void *)message;
	struct worker *worker = owner;
	struct listener *listener;

	worker->draining = true;
	worker->drain_until_ms = clock_monotonic_ms() + stop->drain_ms;
	while ((listener = SLIST_FIRST(&worker->listeners)) != NULL)
		listener_close(listener);
	worker_end_idle_clients(worker);
	free(stop);
}

void worker_stop(struct worker *worker, int64_t drain_ms)
{
	struct worker_stop_message *stop = calloc(1, sizeof(*stop));

	if (stop == NULL)
		abort();
	stop->message.run = worker_on_stop;
	stop->drain_ms = drain_ms;
	mailbox_post(&worker->mailbox, &stop->message);
}

void worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}

void worker_free(struct worker *worker)
{
	struct listener *listener;
	struct lane *lane;

	if (worker == NULL)
		return;
	while ((listener = SLIST_FIRST(&worker->listeners)) != NULL)
		listener_close(listener);
	origin_pool_free(worker->origins);
	while ((lane = SLIST_FIRST(&worker->lanes)) != NULL) {
		SLIST_REMOVE_HEAD(&worker->lanes, link);
		lane_clear(lane);
		free(lane);
	}
	relay_engine_free(worker->relays);
	pipe_pool_free(worker->pipes);
	login_desk_free(worker->logins);
	snapshot_unref(worker->snapshot);
	free(worker->lane_of_egress);
	poller_free(worker->poller);
	if (worker->base != NULL)
		event_base_free(worker->base);
	mailbox_clear(&worker->mailbox);
	free(worker);
}
