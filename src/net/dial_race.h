/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Happy eyeballs (RFC 8305 4 and 5): tries addresses one after the other, a little apart, and keeps
 * the first that answers. Private to net. */
#ifndef NET_DIAL_RACE_H
#define NET_DIAL_RACE_H

#include <event2/event_struct.h>

#include "net/dial.h"
#include "net/resolver.h"

enum {
	RACE_ATTEMPTS_MAX = 6,
	RACE_PACE_MS = 250, /* RFC 8305 8: Connection Attempt Delay */
};

/* The end: stream is connected on DIAL_OK and the callee's, else none. detail is static. */
typedef void race_done_fn(void *arg, enum dial_result result, struct stream stream,
			  const char *detail);

struct race_attempt {
	struct race *race;
	struct stream stream; /* none: over */
	struct address address;
};

struct race_list {
	size_t count, next;
	struct address addresses[LOOKUP_ADDRESSES_MAX];
};

struct race {
	struct poller *poller;
	const char *device;
	race_done_fn *done;
	void *arg;
	struct event pace;
	struct race_list lists[2]; /* IPv6, IPv4 */
	size_t turn;               /* the list whose turn it is */
	bool complete;             /* no more addresses will be added */
	size_t started, live;
	struct race_attempt attempts[RACE_ATTEMPTS_MAX];
	struct address last;     /* tried last; on DIAL_OK the one that answered */
	enum dial_result result; /* the most telling failure so far; DIAL_OK: none yet */
	const char *detail;
};

/* race is all zeros; device is borrowed. */
void race_init(struct race *race, struct poller *poller, const char *device, race_done_fn *done,
	       void *arg);

/* Gives up every attempt; done will not be called. */
void race_clear(struct race *race);

/* With its port. Starts nothing; what there is no room for is dropped. */
void race_add(struct race *race, const struct address *address);
bool race_has_candidates(const struct race *race);

/* No more addresses will come: when all attempts have failed, the race is over. */
void race_complete(struct race *race);

/*
 * Starts what may start now; afterwards the race goes on by itself. Call again when addresses were
 * added. May call done, after which the race must not be touched.
 */
void race_go(struct race *race);

#endif
