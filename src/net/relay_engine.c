/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool of pipes, and taking turns: one busy relay never starves the others of its worker. */
#include "relay_engine.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"

static void relay_pipe_free(struct relay_engine *engine, struct relay_pipe *pipe)
{
	fd_close(pipe->read_fd);
	fd_close(pipe->write_fd);
	free(pipe);
	engine->pipe_count--;
}

/* As many turns as relays wait now; those that queue again wait for the next round of events. */
static void relay_engine_on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct relay_engine *engine = arg;
	struct relay *relay;
	size_t turns = 0;

	(void)fd;
	(void)what;
	TAILQ_FOREACH(relay, &engine->waiting, link)
	turns++;
	while (turns-- > 0 && (relay = TAILQ_FIRST(&engine->waiting)) != NULL) {
		TAILQ_REMOVE(&engine->waiting, relay, link);
		relay->waiting = false;
		relay_take_turn(relay);
	}
}

struct relay_engine *relay_engine_new(struct event_base *base, unsigned pipes_max)
{
	struct relay_engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL)
		return NULL;
	engine->base = base;
	engine->pipes_max = pipes_max;
	SLIST_INIT(&engine->pipes);
	TAILQ_INIT(&engine->waiting);
	evtimer_assign(&engine->turn, base, relay_engine_on_turn, engine);
	return engine;
}

void relay_engine_free(struct relay_engine *engine)
{
	struct relay_pipe *pipe;

	if (engine == NULL)
		return;
	event_del(&engine->turn);
	while ((pipe = SLIST_FIRST(&engine->pipes)) != NULL) {
		SLIST_REMOVE_HEAD(&engine->pipes, link);
		relay_pipe_free(engine, pipe);
	}
	free(engine);
}

/* An unprivileged uid soon gets pipes of 8 KiB only (pipe-user-pages-soft): look at what came. */
static struct relay_pipe *relay_pipe_new(void)
{
	struct relay_pipe *pipe = calloc(1, sizeof(*pipe));
	int fds[2];
	int size;

	if (pipe == NULL || pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) {
		free(pipe);
		return NULL;
	}
	pipe->read_fd = fds[0];
	pipe->write_fd = fds[1];
	(void)fcntl(fds[1], F_SETPIPE_SZ, RELAY_PIPE_SIZE);
	size = fcntl(fds[1], F_GETPIPE_SZ);
	pipe->size = size > 0 ? (size_t)size : 0;
	return pipe;
}

struct relay_pipe *relay_engine_take_pipe(struct relay_engine *engine)
{
	struct relay_pipe *pipe = SLIST_FIRST(&engine->pipes);

	if (pipe != NULL) {
		SLIST_REMOVE_HEAD(&engine->pipes, link);
		return pipe;
	}
	if (engine->pipe_count >= engine->pipes_max)
		return NULL;
	pipe = relay_pipe_new();
	if (pipe == NULL)
		return NULL;
	engine->pipe_count++;
	if (pipe->size < RELAY_PIPE_USEFUL) {
		/* The budget of this uid is used up: asking again for every read would cost more
		 * than it gives. */
		relay_pipe_free(engine, pipe);
		engine->pipes_max = engine->pipe_count;
		return NULL;
	}
	return pipe;
}

void relay_engine_give_pipe(struct relay_engine *engine, struct relay_pipe *pipe)
{
	if (pipe->bytes > 0)
		relay_pipe_free(engine, pipe);
	else
		SLIST_INSERT_HEAD(&engine->pipes, pipe, link);
}

void relay_engine_queue(struct relay_engine *engine, struct relay *relay)
{
	static const struct timeval at_once = {0, 0};

	if (relay->waiting)
		return;
	relay->waiting = true;
	TAILQ_INSERT_TAIL(&engine->waiting, relay, link);
	if (!evtimer_pending(&engine->turn, NULL))
		evtimer_add(&engine->turn, &at_once);
}
