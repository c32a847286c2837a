/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool of pipes. */
#include "relay_engine.h"

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

struct relay_engine *relay_engine_new(unsigned pipes_max)
{
	struct relay_engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL)
		return NULL;
	engine->pipes_max = pipes_max;
	SLIST_INIT(&engine->pipes);
	return engine;
}

void relay_engine_free(struct relay_engine *engine)
{
	struct relay_pipe *pipe;

	if (engine == NULL)
		return;
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
