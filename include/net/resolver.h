/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS through one egress: a c-ares channel whose every socket is bound to the egress's device, with
 * a bounded cache. One for each worker, egress and epoch; belongs to that worker's thread. Never
 * reads resolv.conf or /etc/hosts.
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/host.h"

struct event_base;
struct lookup;
struct resolver;

enum {
	RESOLVER_SERVERS_MAX = 4,
	LOOKUP_ADDRESSES_MAX = 16,
};

/* Written by the resolver's thread only; any thread may read. */
struct resolver_counters {
	_Atomic uint64_t lookups;    /* asked for; A and AAAA are two */
	_Atomic uint64_t cache_hits; /* of those */
	_Atomic uint64_t failures;   /* questions that ended with LOOKUP_FAILED */
	_Atomic uint64_t timeouts;   /* with LOOKUP_TIMEOUT */
};

struct resolver_settings {
	struct address servers[RESOLVER_SERVERS_MAX]; /* with ports */
	size_t server_count;
	const char *device; /* bind to it, or fail; NULL: the namespace's own routing. Copied */
	int try_ms;         /* how long a server has for its first try; 0: 2,000 */
	struct resolver_counters *counters; /* outlive the resolver; NULL: nobody counts */
};

enum lookup_result {
	LOOKUP_OK,
	LOOKUP_NOT_FOUND, /* NXDOMAIN, or the name has no record of that family */
	LOOKUP_FAILED,    /* SERVFAIL, REFUSED, garbage, could not send */
	LOOKUP_TIMEOUT,
};

/* addresses (ports 0) are valid during the call only; count is 0 unless LOOKUP_OK. */
typedef void lookup_done_fn(void *arg, enum lookup_result result, const struct address *addresses,
			    size_t count);

/* NULL + errno. Opens /dev/urandom, the only file it ever opens. */
MUST_CHECK struct resolver *resolver_new(struct event_base *base,
					 const struct resolver_settings *settings);

/* Open lookups end without their callback being called; the caller has cancelled or forgotten them.
 */
void resolver_free(struct resolver *resolver);

/*
 * Asks for A (AF_INET) or AAAA (AF_INET6) of a name that is not a literal and not local. Equal
 * questions in flight are asked once. One asker (AF_UNSPEC: nobody in particular) has at most half
 * of the questions there can be. done is called exactly once and never from inside, unless
 * lookup_cancel comes first. NULL + errno.
 */
MUST_CHECK struct lookup *resolver_lookup(struct resolver *resolver, const struct host *host,
					  int family, const struct address *asker,
					  lookup_done_fn *done, void *arg);
void lookup_cancel(struct lookup *lookup);

/* Forgets every cached answer: positive and negative. */
void resolver_flush(struct resolver *resolver);

#endif
