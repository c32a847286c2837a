/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Origin connections kept for the next request: each belongs to one client and user on one egress,
 * epoch and origin, and is never lent to another. One for each worker.
 */
#ifndef EGRESSD_ORIGIN_POOL_H
#define EGRESSD_ORIGIN_POOL_H

#include <stdint.h>

#include "base/compiler.h"
#include "net/stream.h"

struct address;
struct lane;
struct origin_pool;
struct session;
struct worker;

/* NULL + errno. */
MUST_CHECK struct origin_pool *origin_pool_new(struct worker *worker);
void origin_pool_free(struct origin_pool *pool);

/* Keeps the connection for whoever asks as this session did (its record says what); takes stream.
 */
void origin_pool_put(struct origin_pool *pool, const struct session *session, struct stream stream,
		     const struct address *address);

/* A living connection for what the session asks, or an empty stream. *address: where it leads. */
struct stream origin_pool_take(struct origin_pool *pool, const struct session *session,
			       struct address *address);

/* Closes all connections of a lane; of all lanes when it is NULL. */
void origin_pool_flush(struct origin_pool *pool, const struct lane *lane);

/* Closes what was not used for long. */
void origin_pool_check(struct origin_pool *pool, int64_t now_ms);

#endif
