/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A SOCKS5 UDP association (RFC 1928 7): one socket towards the client, sockets towards the world
 * bound to each egress that a destination was allowed on. Every datagram is judged; answers pass
 * only from peers written to.
 */
#ifndef NET_ASSOCIATION_H
#define NET_ASSOCIATION_H

#include <stdint.h>

#include "base/address.h"
#include "base/host.h"
#include "net/dial.h"

struct association;
struct event_base;

/*
 * Asked once for each new destination of an association. Fill *route and return 0 to allow it
 * (route->upstream is NULL), -1 to drop it silently. The verdict is kept for the destination until
 * association_forget_verdicts, or until it has not been used for longer than 255 others; what route
 * points at must live as long. With errno EAGAIN only this datagram is dropped, and the next asks
 * again. Must not free the association.
 */
typedef int association_judge_fn(void *arg, const struct host *host, uint16_t port,
				 struct dial_route *route);

struct association_settings {
	struct address local; /* where the client's datagrams come in; port 0: any */
	struct address
		client; /* only this IP may send; its port: 0 until the first datagram fixes it */
	association_judge_fn *judge;
	void *arg;
};

/* Payload that passed; dropped counts the datagrams, of either direction, that did not. */
struct association_counters {
	uint64_t bytes_from_client, bytes_to_client, datagrams_from_client, datagrams_to_client,
		dropped;
};

/* NULL + errno. */
MUST_CHECK struct association *association_new(struct event_base *base,
					       const struct association_settings *settings);
void association_free(struct association *association);

/* The address to tell the client in the reply (BND.ADDR, BND.PORT). */
struct address association_address(const struct association *association);

void association_counters(const struct association *association,
			  struct association_counters *counters);

/* When a datagram last passed, clock_monotonic_ms(). */
int64_t association_active_at_ms(const struct association *association);

/*
 * After a reload: every destination is judged anew, from inside this call; what is no longer
 * allowed is dropped, answers included, and sockets that serve nothing allowed are closed. Old
 * routes are not used any more once it returns; their resolvers must not be freed before.
 */
void association_forget_verdicts(struct association *association);

#endif
