/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool of pipes. */
#include "net/pipe_pool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"

enum {
	PIPE_POOL_SIZE = 1024 * 1024,
	PIPE_POOL_USEFUL = 256 * 1024, /* a smaller pipe costs more than copying */
};

struct pipe_pool {
	SLIST_HEAD(, pooled_pipe) pipes; /* spare and empty */
	unsigned count, count_max;
};

static void pooled_pipe_free(struct pipe_pool *pool, struct pooled_pipe *pipe)
{
	fd_close(pipe->read_fd);
	fd_close(pipe->write_fd);
	free(pipe);
	pool->count--;
}

struct pipe_pool *pipe_pool_new(unsigned pipes_max)
{
	struct pipe_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->count_max = pipes_max;
	SLIST_INIT(&pool->pipes);
	return pool;
}

void pipe_pool_free(struct pipe_pool *pool)
{
	struct pooled_pipe *pipe;

	if (pool == NULL)
		return;
	while ((pipe = SLIST_FIRST(&pool->pipes)) != NULL) {
		SLIST_REMOVE_HEAD(&pool->pipes, link);
		pooled_pipe_free(pool, pipe);
	}
	free(pool);
}

/* An unprivileged uid soon gets pipes of 8 KiB only (pipe-user-pages-soft): look at what came. */
static struct pooled_pipe *pooled_pipe_new(void)
{
	struct pooled_pipe *pipe = calloc(1, sizeof(*pipe));
	int fds[2];
	int size;

	if (pipe == NULL || pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) {
		free(pipe);
		return NULL;
	}
	pipe->read_fd = fds[0];
	pipe->write_fd = fds[1];
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_POOL_SIZE);
	size = fcntl(fds[1], F_GETPIPE_SZ);
	pipe->size = size > 0 ? (size_t)size : 0;
	return pipe;
}

struct pooled_pipe *pipe_pool_take(struct pipe_pool *pool)
{
	struct pooled_pipe *pipe = SLIST_FIRST(&pool->pipes);

	if (pipe != NULL) {
		SLIST_REMOVE_HEAD(&pool->pipes, link);
		return pipe;
	}
	if (pool->count >= pool->count_max)
		return NULL;
	pipe = pooled_pipe_new();
	if (pipe == NULL)
		return NULL;
	pool->count++;
	if (pipe->size < PIPE_POOL_USEFUL) {
		/* The budget of this uid is used up: asking again for every read would cost more
		 * than it gives. */
		pooled_pipe_free(pool, pipe);
		pool->count_max = pool->count;
		return NULL;
	}
	return pipe;
}

void pipe_pool_give(struct pipe_pool *pool, struct pooled_pipe *pipe)
{
	if (pipe->bytes > 0)
		pooled_pipe_free(pool, pipe);
	else
		SLIST_INSERT_HEAD(&pool->pipes, pipe, link);
}
