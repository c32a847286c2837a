/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One egress as one worker sees it now: which epoch, which address families, its own resolver. A
 * lane keeps its place in memory as long as the worker lives; a reload that changes the egress
 * changes the lane and begins a new epoch in it.
 */
#ifndef EGRESSD_LANE_H
#define EGRESSD_LANE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/compiler.h"
#include "net/dial.h"
#include "net/resolver.h"

struct egress;
struct event_base;
struct guard;
struct resolver;
struct tunnel;

struct lane {
	char name[64];            /* of the egress */
	char device[IF_NAMESIZE]; /* "": not bound */
	char upstream_url[1024];  /* "": none */
	struct resolver_settings resolver_settings;
	struct resolver_counters *resolver_counters; /* the worker's; set once */
	struct resolver *resolver;                   /* made when first needed; NULL before */
	struct tunnel *tunnel;                       /* NULL: always up */
	bool is_configured, is_up, ipv4, ipv6, allow_private;
	uint32_t tunnel_epoch; /* the tunnel's, as last seen */
	uint32_t epoch; /* the tunnel's too, but for what changes of the egress itself have added */
	int64_t seen_at_ms;  /* when an origin last sent something through it */
	int64_t noted_at_ms; /* when the tunnel was told so */
	SLIST_ENTRY(lane) link;
};

/* Takes over what the egress says. True: it is not the egress it was; what went through it must
 * end. */
bool lane_configure(struct lane *lane, const struct egress *egress);

/*
 * Looks at the tunnel; halted: it is as if it were away. True: a new epoch has begun; what went
 * through the old one must end. Without thorough only two atomics are read, as every request can
 * afford; with it, also addresses that came without a new epoch are seen.
 */
bool lane_look(struct lane *lane, bool halted, bool thorough);

/* What a dial needs. -1 + errno: no resolver could be made (ENODEV: the device is gone). */
MUST_CHECK int lane_route(struct lane *lane, struct event_base *base, const struct egress *egress,
			  const struct guard *guard, struct dial_route *route);

/* Drops the resolver, after everything that used it has ended. */
void lane_clear(struct lane *lane);

/* Tells the tunnel that its traffic proves it, if there was any since the last time. */
void lane_note_alive(struct lane *lane);

#endif
