/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool of pipes. */
#include "net/pipe_pool.h"

#include <fcntl.h>
#include <stdbool.h>
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
	unsigned spare, spare_least; /* how many, and how few since the last trim */
	bool refused;                /* the uid's budget was used up, since the last trim */
};

static void pooled_pipe_free(struct pipe_pool *pool, struct pooled_pipe *pipe)
{
	fd_close(pipe->read_fd);
	fd_close(pipe->write_fd);
	free(pipe);
	pool->count--;
}

static struct pooled_pipe *pipe_pool_pop(struct pipe_pool *pool)
{
	struct pooled_pipe *pipe = SLIST_FIRST(&pool->pipes);

	if (pipe == NULL)
		return NULL;
	SLIST_REMOVE_HEAD(&pool->pipes, link);
	if (--pool->spare < pool->spare_least)
		pool->spare_least = pool->spare;
	return pipe;
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
	while ((pipe = pipe_pool_pop(pool)) != NULL)
		pooled_pipe_free(pool, pipe);
	free(pool);
}

void pipe_pool_trim(struct pipe_pool *pool)
{
	for (unsigned unused = pool->spare_least; unused > 0; unused--)
		pooled_pipe_free(pool, pipe_pool_pop(pool));
	pool->spare_least = pool->spare;
	pool->refused = false;
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
	struct pooled_pipe *pipe = pipe_pool_pop(pool);

	if (pipe != NULL || pool->refused || pool->count >= pool->count_max)
		return pipe;
	pipe = pooled_pipe_new();
	if (pipe == NULL)
		return NULL;
	pool->count++;
	if (pipe->size < PIPE_POOL_USEFUL) {
		/* Asking again for every read would cost more than it gives. */
		pooled_pipe_free(pool, pipe);
		pool->refused = true;
		return NULL;
	}
	return pipe;
}

void pipe_pool_give(struct pipe_pool *pool, struct pooled_pipe *pipe)
{
	if (pipe->bytes > 0) {
		pooled_pipe_free(pool, pipe);
		return;
	}
	SLIST_INSERT_HEAD(&pool->pipes, pipe, link);
	pool->spare++;
}
