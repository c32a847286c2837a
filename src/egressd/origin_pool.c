/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keep-alive towards origins. */
#include "egressd/origin_pool.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/hash.h"
#include "egressd/session.h"
#include "egressd/worker.h"

enum {
	ORIGIN_POOL_MAX = 256,
	ORIGIN_POOL_BUCKETS = 256,
	ORIGIN_IDLE_MS = 30 * 1000,
};

/* What must be the same. The client's address stands for the client: identity is derived from it.
 */
struct origin_key {
	struct address peer;
	struct address endpoint;
	const struct lane *lane;
	uint32_t epoch;
	uint16_t port;
	char user[256];
	char host[HOST_TEXT_SIZE];
};

struct origin {
	struct origin_pool *pool;
	struct stream stream;
	struct event event;
	struct address address;
	struct origin_key key;
	size_t bucket;
	int64_t idle_since_ms;
	TAILQ_ENTRY(origin) link; /* oldest first */
	LIST_ENTRY(origin) bucket_link;
};

struct origin_pool {
	struct worker *worker;
	struct hash_key hash_key;
	size_t count;
	TAILQ_HEAD(, origin) all;
	LIST_HEAD(, origin) buckets[ORIGIN_POOL_BUCKETS];
};

static void origin_key_of(const struct session *session, struct origin_key *key)
{
	const struct record *record = &session->record;

	memset(key, 0, sizeof(*key));
	key->peer = session->peer;
	key->peer.port = 0;
	key->endpoint = session->endpoint->address;
	key->lane = record->lane;
	key->epoch = record->lane->epoch;
	key->port = record->port;
	if (session->user != NULL)
		memcpy(key->user, session->user, strlen(session->user));
	memcpy(key->host, record->host.name, record->host.name_len);
}

static bool origin_key_equals(const struct origin_key *a, const struct origin_key *b)
{
	return a->lane == b->lane && a->epoch == b->epoch && a->port == b->port &&
	       address_equals(&a->peer, &b->peer) &&
	       address_equals_endpoint(&a->endpoint, &b->endpoint) &&
	       strcmp(a->user, b->user) == 0 && strcmp(a->host, b->host) == 0;
}

static size_t origin_bucket(const struct origin_pool *pool, const struct origin_key *key)
{
	return hash_bytes(&pool->hash_key, key->host, strlen(key->host)) % ORIGIN_POOL_BUCKETS;
}

static struct stream origin_forget(struct origin *origin)
{
	struct stream stream = origin->stream;

	event_del(&origin->event);
	TAILQ_REMOVE(&origin->pool->all, origin, link);
	LIST_REMOVE(origin, bucket_link);
	origin->pool->count--;
	free(origin);
	return stream;
}

static void origin_drop(struct origin *origin)
{
	struct stream stream = origin_forget(origin);

	stream_close(&stream);
}

/* Whatever an idle origin sends - its end, or bytes nobody asked for - makes it useless. */
static void origin_on_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	origin_drop(arg);
}

struct origin_pool *origin_pool_new(struct worker *worker)
{
	struct origin_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->worker = worker;
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

void origin_pool_put(struct origin_pool *pool, const struct session *session, struct stream stream,
		     const struct address *address)
{
	struct origin *origin = calloc(1, sizeof(*origin));

	if (origin == NULL) {
		stream_close(&stream);
		return;
	}
	origin->pool = pool;
	origin->stream = stream;
	origin->address = *address;
	origin->idle_since_ms = clock_monotonic_ms();
	origin_key_of(session, &origin->key);
	origin->bucket = origin_bucket(pool, &origin->key);
	event_assign(&origin->event, pool->worker->base, stream.fd, EV_READ, origin_on_ready,
		     origin);
	TAILQ_INSERT_TAIL(&pool->all, origin, link);
	LIST_INSERT_HEAD(&pool->buckets[origin->bucket], origin, bucket_link);
	pool->count++;
	if (event_add(&origin->event, NULL) < 0)
		origin_drop(origin);
	else if (pool->count > ORIGIN_POOL_MAX)
		origin_drop(TAILQ_FIRST(&pool->all));
}

/* What came before anything was asked, its end or bytes, may not have been dispatched yet: such
 * bytes would be taken for the answer. */
static bool origin_is_quiet(const struct origin *origin)
{
	char byte;

	return recv(origin->stream.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static struct origin *origin_find(struct origin_pool *pool, const struct origin_key *key)
{
	struct origin *origin;

	LIST_FOREACH(origin, &pool->buckets[origin_bucket(pool, key)], bucket_link)
	{
		if (origin_key_equals(&origin->key, key))
			return origin;
	}
	return NULL;
}

struct stream origin_pool_take(struct origin_pool *pool, const struct session *session,
			       struct address *address)
{
	struct origin_key key;
	struct origin *origin;

	origin_key_of(session, &key);
	while ((origin = origin_find(pool, &key)) != NULL) {
		if (origin_is_quiet(origin)) {
			*address = origin->address;
			return origin_forget(origin);
		}
		origin_drop(origin);
	}
	return stream_none();
}

void origin_pool_flush(struct origin_pool *pool, const struct lane *lane)
{
	struct origin *origin, *next;

	for (origin = TAILQ_FIRST(&pool->all); origin != NULL; origin = next) {
		next = TAILQ_NEXT(origin, link);
		if (lane == NULL || origin->key.lane == lane)
			origin_drop(origin);
	}
}

void origin_pool_check(struct origin_pool *pool, int64_t now_ms)
{
	struct origin *oldest;

	while ((oldest = TAILQ_FIRST(&pool->all)) != NULL &&
	       /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a dropped one has left the list */
	       now_ms - oldest->idle_since_ms > ORIGIN_IDLE_MS)
		origin_drop(oldest);
}
