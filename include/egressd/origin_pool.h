/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Origin connections kept for the next request: each belongs to one client and user on one egress,
 * epoch and origin, and is never lent to another. One for each worker.
 */
#ifndef EGRESSD_ORIGIN_POOL_H
#define EGRESSD_ORIGIN_POOL_H

#include <stdint.h>

#include "base/compiler.h"

struct lane;
struct origin;
struct origin_pool;
struct session;

/* NULL + errno. */
MUST_CHECK struct origin_pool *origin_pool_new(void);
void origin_pool_free(struct origin_pool *pool);

/* Keeps it for whoever asks what it is for; takes origin. */
void origin_pool_put(struct origin_pool *pool, struct origin *origin);

/* A living connection for what the session asks, the caller's from now on; NULL: there is none. */
struct origin *origin_pool_take(struct origin_pool *pool, const struct session *session);

/* Closes all connections of a lane; of all lanes when it is NULL. */
void origin_pool_flush(struct origin_pool *pool, const struct lane *lane);

/* Closes what was not used for long. */
void origin_pool_check(struct origin_pool *pool, int64_t now_ms);

#endif
