/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of a UDP association: its destinations (each with a verdict), the table that keeps them
 * bounded.
 */
#ifndef NET_ASSOCIATION_PRIVATE_H
#define NET_ASSOCIATION_PRIVATE_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "association_exit.h"
#include "base/hash.h"
#include "net/association.h"

enum {
	ASSOCIATION_DESTINATIONS_MAX = 256,
	ASSOCIATION_BUCKETS = 64,
	ASSOCIATION_EXITS_MAX = 8,
	ASSOCIATION_LOOKUPS_MAX = 32,
	ASSOCIATION_QUEUE_MAX_BYTES = 128 * 1024, /* of all destinations that wait for a name */
	ASSOCIATION_BATCH = 64, /* datagrams a wakeup, so that others get their turn */
	DESTINATION_QUEUE_MAX = 4,
	DESTINATION_REFRESH_MS = 60 * 1000, /* unused for so long: its name is resolved anew */
	DATAGRAM_MAX = 65536,               /* larger than any UDP payload */
};

enum destination_state {
	DESTINATION_DENIED,     /* by the judge, the guard, or for want of a family */
	DESTINATION_UNJUDGED,   /* for now: the next datagram asks the judge again */
	DESTINATION_UNRESOLVED, /* the next datagram asks for its name */
	DESTINATION_RESOLVING,
	DESTINATION_READY,
};

struct destination_queued {
	struct destination_queued *next;
	size_t len;
	uint8_t bytes[];
};

struct destination {
	struct association *association;
	struct destination *same_host, *same_peer; /* chains of the table's buckets */
	struct destination *newer, *older;
	struct host host;
	uint16_t port;
	enum destination_state state;
	struct dial_route route;
	struct address peer;           /* AF_UNSPEC, or where datagrams really go */
	struct association_exit *exit; /* through which they go, or NULL */
	struct lookup *lookup;
	int lookup_family;
	struct destination_queued *queue;
	int64_t used_at_ms;
};

struct association {
	struct event_base *base;
	association_judge_fn *judge;
	void *arg;
	struct address bound;
	struct address client; /* port 0: not fixed yet */
	int fd;                /* towards the client */
	struct event event;
	struct association_exit *exits;
	struct association_counters counters;
	int64_t active_at_ms;
	size_t queued_bytes;
	unsigned lookups;

	struct hash_key key;
	struct destination *by_host[ASSOCIATION_BUCKETS];
	struct destination *by_peer[ASSOCIATION_BUCKETS];
	struct destination *newest, *oldest;
	unsigned destination_count;
};

/* association_table.c */

struct destination *table_find(struct association *association, const struct host *host,
			       uint16_t port);
struct destination *table_find_peer(struct association *association,
				    const struct association_exit *exit,
				    const struct address *peer);

/* Makes room by taking the one longest unused away. NULL: no memory. */
MUST_CHECK struct destination *table_add(struct association *association, const struct host *host,
					 uint16_t port);
void table_touch(struct destination *destination, int64_t now_ms);
void table_set_peer(struct destination *destination, const struct address *peer,
		    struct association_exit *exit);
void table_clear_peer(struct destination *destination);
void table_remove(struct destination *destination);

/* association_destination.c */

/* Judges it, and forgets the verdict of before. What waits for its name goes on waiting if it may.
 */
void destination_judge(struct destination *destination);
void destination_send(struct destination *destination, const uint8_t *payload, size_t len,
		      int64_t now_ms);
/* Ends its lookup and drops what waits. */
void destination_clear(struct destination *destination);

/* association.c */

void association_reply(struct association *association, const struct address *from,
		       const uint8_t *payload, size_t len);

/* >= 0 the length of a whole datagram; -1 + errno: EMSGSIZE one that did not fit was thrown away.
 */
MUST_CHECK ssize_t association_receive(int fd, uint8_t bytes[DATAGRAM_MAX], struct address *from);

#endif
