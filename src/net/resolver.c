/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookups: from the cache, from a question already in flight, or by a new one. */
#include "net/resolver.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/counter.h"
#include "resolver_answer.h"
#include "resolver_cache.h"
#include "resolver_channel.h"

enum {
	RESOLVER_CACHE_LIMIT = 4096,
	RESOLVER_QUESTIONS_MAX = 512,
	RESOLVER_OF_ONE_ASKER_MAX = 256, /* so that others always find room */
	RESOLVER_BUCKETS = 256,          /* a power of two */
};

/* Somebody who waits; in the list of a question, or in the list of those to be told. */
struct lookup {
	TAILQ_ENTRY(lookup) link;
	struct resolver *resolver;
	struct question *question; /* NULL: ready, answer is set */
	struct answer *answer;
	lookup_done_fn *done;
	void *arg;
};

TAILQ_HEAD(lookup_list, lookup);

/* Something asked of the servers. Nobody need wait for it any more; the cache takes the answer. */
struct question {
	LIST_ENTRY(question) link;
	struct resolver *resolver;
	struct lookup_list lookups;
	struct answer *answer; /* made beforehand, so that the end needs no memory */
	int family;
	struct host host;
	struct address asker; /* who asked first */
};

LIST_HEAD(question_list, question);

struct resolver {
	struct channel *channel;
	struct resolver_cache *cache;
	struct resolver_counters *counters; /* NULL: nobody counts */
	struct event ready_event;
	struct lookup_list ready;
	bool ending;
	size_t question_count;
	struct hash_key key;
	struct question_list questions[RESOLVER_BUCKETS];
};

/* One lookup for each turn: the callback comes last, since it may cancel others or end everything.
 */
static void resolver_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *resolver = arg;
	struct lookup *lookup = TAILQ_FIRST(&resolver->ready);
	struct answer *answer;
	lookup_done_fn *done;

	(void)fd;
	(void)what;
	if (lookup == NULL)
		return;
	TAILQ_REMOVE(&resolver->ready, lookup, link);
	if (!TAILQ_EMPTY(&resolver->ready))
		event_active(&resolver->ready_event, 0, 0);
	answer = lookup->answer;
	done = lookup->done;
	arg = lookup->arg;
	free(lookup);
	done(arg, answer->result, answer->addresses, answer->count);
	answer_unref(answer);
}

static void resolver_tell(struct resolver *resolver, struct lookup *lookup, struct answer *answer)
{
	lookup->question = NULL;
	lookup->answer = answer_ref(answer);
	TAILQ_INSERT_TAIL(&resolver->ready, lookup, link);
	event_active(&resolver->ready_event, 0, 0);
}

struct resolver *resolver_new(struct event_base *base, const struct resolver_settings *settings)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL)
		return NULL;
	TAILQ_INIT(&resolver->ready);
	resolver->key = hash_key_random();
	resolver->counters = settings->counters;
	event_assign(&resolver->ready_event, base, -1, 0, resolver_on_ready, resolver);
	resolver->cache = resolver_cache_new(RESOLVER_CACHE_LIMIT);
	if (resolver->cache == NULL)
		goto fail;
	resolver->channel = channel_new(base, settings);
	if (resolver->channel == NULL)
		goto fail;
	return resolver;
fail:
	resolver_cache_free(resolver->cache);
	free(resolver);
	return NULL;
}

static void question_free(struct question *question)
{
	struct lookup *lookup;

	while ((lookup = TAILQ_FIRST(&question->lookups)) != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a cancelled one left the list */
		lookup_cancel(lookup);
	LIST_REMOVE(question, link);
	question->resolver->question_count--;
	answer_unref(question->answer);
	free(question);
}

void resolver_free(struct resolver *resolver)
{
	struct lookup *lookup;

	if (resolver == NULL)
		return;
	resolver->ending = true;
	channel_free(resolver->channel);
	while ((lookup = TAILQ_FIRST(&resolver->ready)) != NULL)
		lookup_cancel(lookup);
	event_del(&resolver->ready_event);
	resolver_cache_free(resolver->cache);
	free(resolver);
}

static void resolver_count_answer(struct resolver *resolver, enum lookup_result result)
{
	if (resolver->counters == NULL)
		return;
	counter_add(&resolver->counters->failures, result == LOOKUP_FAILED);
	counter_add(&resolver->counters->timeouts, result == LOOKUP_TIMEOUT);
}

static void resolver_count_lookup(struct resolver *resolver, bool cached)
{
	if (resolver->counters == NULL)
		return;
	counter_add(&resolver->counters->lookups, 1);
	counter_add(&resolver->counters->cache_hits, cached);
}

static void resolver_on_answer(void *arg, int status, const uint8_t *message, size_t len)
{
	struct question *question = arg;
	struct resolver *resolver = question->resolver;
	struct lookup *lookup;

	if (resolver->ending) {
		question_free(question);
		return;
	}
	question->answer = answer_fill(question->answer, question->family, status, message, len);
	resolver_count_answer(resolver, question->answer->result);
	resolver_cache_put(resolver->cache, &question->host, question->family, question->answer,
			   clock_monotonic_ms());
	while ((lookup = TAILQ_FIRST(&question->lookups)) != NULL) {
		TAILQ_REMOVE(&question->lookups, lookup, link);
		resolver_tell(resolver, lookup, question->answer);
	}
	question_free(question);
}

static struct question_list *resolver_bucket(struct resolver *resolver, const struct host *host,
					     int family)
{
	uint64_t hash = resolver_question_hash(&resolver->key, host, family);

	return &resolver->questions[hash & (RESOLVER_BUCKETS - 1)];
}

static struct question *resolver_find(struct resolver *resolver, const struct host *host,
				      int family)
{
	struct question *question;

	LIST_FOREACH(question, resolver_bucket(resolver, host, family), link)
	{
		if (question->family == family && question->host.name_len == host->name_len &&
		    memcmp(question->host.name, host->name, host->name_len) == 0)
			return question;
	}
	return NULL;
}

static void question_wait(struct question *question, struct lookup *lookup)
{
	lookup->question = question;
	TAILQ_INSERT_TAIL(&question->lookups, lookup, link);
}

static int resolver_ask(struct resolver *resolver, const struct host *host, int family,
			const struct address *asker, struct lookup *lookup)
{
	struct question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		return -1;
	question->resolver = resolver;
	question->family = family;
	question->host = *host;
	question->asker = *asker;
	TAILQ_INIT(&question->lookups);
	LIST_INSERT_HEAD(resolver_bucket(resolver, host, family), question, link);
	resolver->question_count++;
	question->answer = answer_new();
	if (question->answer == NULL)
		goto fail;
	/* First, since the answer may come before channel_ask returns: the question is gone then.
	 */
	question_wait(question, lookup);
	if (channel_ask(resolver->channel, host, family, resolver_on_answer, question) == 0)
		return 0;
	TAILQ_REMOVE(&question->lookups, lookup, link);
fail:
	question_free(question);
	errno = ENOMEM;
	return -1;
}

/* Too many questions are open: servers are silent, and more of the same would not help anybody. */
static int resolver_refuse(struct resolver *resolver, struct lookup *lookup)
{
	struct answer *answer = answer_new();

	if (answer == NULL)
		return -1;
	resolver_count_answer(resolver, answer->result);
	resolver_tell(resolver, lookup, answer);
	answer_unref(answer);
	return 0;
}

/*
 * A question stays open when who asked has gone, so nothing else limits how many a client has open:
 * names of a server that never answers would shut the names of all others out. Counted only once
 * somebody may have too many.
 */
static bool resolver_has_room(const struct resolver *resolver, const struct address *asker)
{
	const struct question *question;
	size_t count = 0;

	if (resolver->question_count >= RESOLVER_QUESTIONS_MAX)
		return false;
	if (resolver->question_count < RESOLVER_OF_ONE_ASKER_MAX || asker->family == AF_UNSPEC)
		return true;
	for (size_t i = 0; i < RESOLVER_BUCKETS; i++) {
		LIST_FOREACH(question, &resolver->questions[i], link)
		count += address_equals(&question->asker, asker);
	}
	return count < RESOLVER_OF_ONE_ASKER_MAX;
}

static int resolver_begin(struct resolver *resolver, const struct host *host, int family,
			  const struct address *asker, struct lookup *lookup)
{
	struct answer *cached =
		resolver_cache_find(resolver->cache, host, family, clock_monotonic_ms());
	struct question *question;

	resolver_count_lookup(resolver, cached != NULL);
	if (cached != NULL) {
		resolver_tell(resolver, lookup, cached);
		return 0;
	}
	question = resolver_find(resolver, host, family);
	if (question != NULL) {
		question_wait(question, lookup);
		return 0;
	}
	if (!resolver_has_room(resolver, asker))
		return resolver_refuse(resolver, lookup);
	return resolver_ask(resolver, host, family, asker, lookup);
}

struct lookup *resolver_lookup(struct resolver *resolver, const struct host *host, int family,
			       const struct address *asker, lookup_done_fn *done, void *arg)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup == NULL)
		return NULL;
	lookup->resolver = resolver;
	lookup->done = done;
	lookup->arg = arg;
	if (resolver_begin(resolver, host, family, asker, lookup) == 0)
		return lookup;
	free(lookup);
	errno = ENOMEM;
	return NULL;
}

void lookup_cancel(struct lookup *lookup)
{
	if (lookup->question != NULL)
		TAILQ_REMOVE(&lookup->question->lookups, lookup, link);
	else
		TAILQ_REMOVE(&lookup->resolver->ready, lookup, link);
	answer_unref(lookup->answer);
	free(lookup);
}

void resolver_flush(struct resolver *resolver)
{
	resolver_cache_flush(resolver->cache);
}
