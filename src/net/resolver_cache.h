/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers kept for as long as their TTL says: bounded, the least used goes first. Private to net.
 */
#ifndef NET_RESOLVER_CACHE_H
#define NET_RESOLVER_CACHE_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/host.h"

struct answer;
struct resolver_cache;

/* NULL + errno. */
MUST_CHECK struct resolver_cache *resolver_cache_new(size_t limit);
void resolver_cache_free(struct resolver_cache *cache);
void resolver_cache_flush(struct resolver_cache *cache);
size_t resolver_cache_count(const struct resolver_cache *cache);

/* Borrowed, until the next call; NULL when there is none that still holds at now_ms. */
struct answer *resolver_cache_find(struct resolver_cache *cache, const struct host *host,
				   int family, int64_t now_ms);

/* Keeps a reference to the answer for its TTL, in place of an older one. Without memory it is just
 * not kept. */
void resolver_cache_put(struct resolver_cache *cache, const struct host *host, int family,
			struct answer *answer, int64_t now_ms);

/* The hash of a question, under a key of the caller's. */
uint64_t resolver_question_hash(const struct hash_key *key, const struct host *host, int family);

#endif
