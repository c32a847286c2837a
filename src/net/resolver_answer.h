/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a name server said of one question, shared by the cache and by whoever asked. Private to
 * net. */
#ifndef NET_RESOLVER_ANSWER_H
#define NET_RESOLVER_ANSWER_H

#include <stdint.h>

#include "net/resolver.h"

struct answer {
	unsigned refs; /* one thread's, so not atomic */
	enum lookup_result result;
	uint32_t ttl_s; /* how long it may be kept */
	size_t count;
	struct address addresses[];
};

/* LOOKUP_FAILED, with room for every address there can be; refs is 1. NULL + errno. */
MUST_CHECK struct answer *answer_new(void);
struct answer *answer_ref(struct answer *answer);
void answer_unref(struct answer *answer);

/*
 * Fills in a new answer from the end of a c-ares query: its status and the message, which may be
 * NULL. Gives back the room it did not need: use what is returned.
 */
MUST_CHECK struct answer *answer_fill(struct answer *answer, int family, int status,
				      const uint8_t *message, size_t len);

/* How long the message says that its "no" holds (RFC 2308 5), in seconds; 0 when it says nothing.
 */
uint32_t answer_negative_ttl(const uint8_t *message, size_t len);

#endif
