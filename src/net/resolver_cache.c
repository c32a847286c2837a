/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table with chains and a list by age of use. The clock is the caller's. */
#include "resolver_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "resolver_answer.h"

enum {
	CACHE_BUCKETS = 1024, /* a power of two */
};

struct cache_entry {
	LIST_ENTRY(cache_entry) chain;
	TAILQ_ENTRY(cache_entry) used;
	struct answer *answer;
	int64_t expires_at_ms;
	int family;
	uint8_t name_len;
	char name[];
};

LIST_HEAD(cache_chain, cache_entry);
TAILQ_HEAD(cache_order, cache_entry);

struct resolver_cache {
	struct hash_key key;
	size_t limit, count;
	struct cache_order order; /* the one used last stands first */
	struct cache_chain chains[CACHE_BUCKETS];
};

struct resolver_cache *resolver_cache_new(size_t limit)
{
	struct resolver_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	cache->key = hash_key_random();
	cache->limit = limit;
	TAILQ_INIT(&cache->order);
	return cache;
}

static void cache_drop(struct resolver_cache *cache, struct cache_entry *entry)
{
	LIST_REMOVE(entry, chain);
	TAILQ_REMOVE(&cache->order, entry, used);
	cache->count--;
	answer_unref(entry->answer);
	free(entry);
}

void resolver_cache_flush(struct resolver_cache *cache)
{
	struct cache_entry *entry;

	while ((entry = TAILQ_FIRST(&cache->order)) != NULL)
		cache_drop(cache, entry);
}

void resolver_cache_free(struct resolver_cache *cache)
{
	if (cache == NULL)
		return;
	resolver_cache_flush(cache);
	free(cache);
}

size_t resolver_cache_count(const struct resolver_cache *cache)
{
	return cache->count;
}

uint64_t resolver_question_hash(const struct hash_key *key, const struct host *host, int family)
{
	uint64_t hash = hash_bytes(key, host->name, host->name_len);

	return family == AF_INET6 ? ~hash : hash;
}

static struct cache_chain *cache_chain_of(struct resolver_cache *cache, const struct host *host,
					  int family)
{
	uint64_t hash = resolver_question_hash(&cache->key, host, family);

	return &cache->chains[hash & (CACHE_BUCKETS - 1)];
}

static struct cache_entry *cache_find(struct resolver_cache *cache, const struct host *host,
				      int family)
{
	struct cache_entry *entry;

	LIST_FOREACH(entry, cache_chain_of(cache, host, family), chain)
	{
		if (entry->family == family && entry->name_len == host->name_len &&
		    memcmp(entry->name, host->name, host->name_len) == 0)
			return entry;
	}
	return NULL;
}

struct answer *resolver_cache_find(struct resolver_cache *cache, const struct host *host,
				   int family, int64_t now_ms)
{
	struct cache_entry *entry = cache_find(cache, host, family);

	if (entry == NULL)
		return NULL;
	if (now_ms >= entry->expires_at_ms) {
		cache_drop(cache, entry);
		return NULL;
	}
	TAILQ_REMOVE(&cache->order, entry, used);
	TAILQ_INSERT_HEAD(&cache->order, entry, used);
	return entry->answer;
}

void resolver_cache_put(struct resolver_cache *cache, const struct host *host, int family,
			struct answer *answer, int64_t now_ms)
{
	struct cache_entry *entry = cache_find(cache, host, family);

	if (entry != NULL)
		cache_drop(cache, entry);
	entry = malloc(sizeof(*entry) + host->name_len);
	if (entry == NULL)
		return;
	if (cache->count >= cache->limit)
		cache_drop(cache, TAILQ_LAST(&cache->order, cache_order));
	*entry = (struct cache_entry){
		.answer = answer_ref(answer),
		.expires_at_ms = now_ms + (int64_t)answer->ttl_s * 1000,
		.family = family,
		.name_len = host->name_len,
	};
	memcpy(entry->name, host->name, host->name_len);
	LIST_INSERT_HEAD(cache_chain_of(cache, host, family), entry, chain);
	TAILQ_INSERT_HEAD(&cache->order, entry, used);
	cache->count++;
}
