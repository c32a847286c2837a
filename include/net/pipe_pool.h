/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pipes of one worker, for splicing in bulk: 2 to 4 times cheaper than copying, but only with a
 * large pipe. Whoever has nothing on its way gives its pipe back: no idle session holds one.
 */
#ifndef NET_PIPE_POOL_H
#define NET_PIPE_POOL_H

#include <stddef.h>
#include <sys/queue.h>

#include "base/compiler.h"

struct pipe_pool;

struct pooled_pipe {
	int read_fd, write_fd;
	size_t size;
	size_t bytes; /* waiting in it */
	SLIST_ENTRY(pooled_pipe) link;
};

/* NULL + errno. */
MUST_CHECK struct pipe_pool *pipe_pool_new(unsigned pipes_max);

/* After every pipe was given back. */
void pipe_pool_free(struct pipe_pool *pool);

/* An empty pipe of useful size, or NULL: copy instead. */
struct pooled_pipe *pipe_pool_take(struct pipe_pool *pool);

/* Back to the spares; one that still holds bytes is closed, so that no byte ever reaches another
 * session. */
void pipe_pool_give(struct pipe_pool *pool, struct pooled_pipe *pipe);

/*
 * Closes the spares that nobody has needed since the last time: the budget for large pipes is the
 * uid's, and others of it may want them. When the budget was used up, it may be asked again now.
 */
void pipe_pool_trim(struct pipe_pool *pool);

#endif
