/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keep-alive towards origins. */
#include "egressd/origin_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "egressd/origin.h"
#include "egressd/session.h"

enum {
	ORIGIN_POOL_MAX = 256,
	ORIGIN_POOL_BUCKETS = 256,
	ORIGIN_IDLE_MS = 30 * 1000,
};

struct origin_pool {
	struct hash_key hash_key;
	size_t count;
	TAILQ_HEAD(, origin) all;
	LIST_HEAD(, origin) buckets[ORIGIN_POOL_BUCKETS];
};

static size_t origin_pool_bucket(const struct origin_pool *pool, const char *host)
{
	return hash_bytes(&pool->hash_key, host, strlen(host)) % ORIGIN_POOL_BUCKETS;
}

static void origin_pool_forget(struct origin_pool *pool, struct origin *origin)
{
	TAILQ_REMOVE(&pool->all, origin, link);
	LIST_REMOVE(origin, bucket_link);
	pool->count--;
}

static void origin_pool_drop(struct origin_pool *pool, struct origin *origin)
{
	origin_pool_forget(pool, origin);
	origin_close(origin);
}

/* Bytes of before the request would be taken for its answer; an end makes the connection useless.
 */
static bool origin_is_quiet(const struct origin *origin)
{
	return stream_is_quiet(&origin->stream);
}

/* An edge in the pool is room to write, which is no news, or something that the origin sent. */
static void origin_pool_on_ready(void *watcher)
{
	struct origin *origin = watcher;

	if (!origin_is_quiet(origin))
		origin_pool_drop(origin->pool, origin);
}

struct origin_pool *origin_pool_new(void)
{
	struct origin_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->hash_key = hash_key_random();
	TAILQ_INIT(&pool->all);
	return pool;
}

void origin_pool_free(struct origin_pool *pool)
{
	if (pool == NULL)
		return;
	origin_pool_flush(pool, NULL);
	free(pool);
}

void origin_pool_put(struct origin_pool *pool, struct origin *origin)
{
	/* It is put there again and again, and always for the same host. */
	if (origin->pool == NULL)
		origin->bucket = origin_pool_bucket(pool, origin->key.host);
	origin->pool = pool;
	origin->idle_since_ms = clock_monotonic_ms();
	origin_watch(origin, origin_pool_on_ready, origin);
	TAILQ_INSERT_TAIL(&pool->all, origin, link);
	LIST_INSERT_HEAD(&pool->buckets[origin->bucket], origin, bucket_link);
	if (++pool->count > ORIGIN_POOL_MAX)
		origin_pool_drop(pool, TAILQ_FIRST(&pool->all));
}

static struct origin *origin_pool_find(struct origin_pool *pool, const struct session *session)
{
	size_t bucket = origin_pool_bucket(pool, session->record.host.name);
	struct origin *origin;

	LIST_FOREACH(origin, &pool->buckets[bucket], bucket_link)
	{
		if (origin_is_for(origin, session))
			return origin;
	}
	return NULL;
}

struct origin *origin_pool_take(struct origin_pool *pool, const struct session *session)
{
	struct origin *origin;

	while ((origin = origin_pool_find(pool, session)) != NULL) {
		origin_pool_forget(pool, origin);
		if (origin_is_quiet(origin))
			return origin;
		origin_close(origin);
	}
	return NULL;
}

void origin_pool_flush(struct origin_pool *pool, const struct lane *lane)
{
	struct origin *origin, *next;

	for (origin = TAILQ_FIRST(&pool->all); origin != NULL; origin = next) {
		next = TAILQ_NEXT(origin, link);
		if (lane == NULL || origin->key.lane == lane)
			origin_pool_drop(pool, origin);
	}
}

void origin_pool_check(struct origin_pool *pool, int64_t now_ms)
{
	struct origin *oldest;

	while ((oldest = TAILQ_FIRST(&pool->all)) != NULL &&
	       /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a dropped one has left the list */
	       now_ms - oldest->idle_since_ms > ORIGIN_IDLE_MS)
		origin_pool_drop(pool, oldest);
}
