/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes one connection to a host through one egress: resolves on that egress, guards the address
 * really dialled, races addresses (RFC 8305), speaks to an upstream proxy where the egress is one.
 * Belongs to one worker's thread.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/host.h"
#include "net/stream.h"

struct dial;
struct guard;
struct poller;
struct resolver;
struct upstream;

/*
 * Where and how to connect. All pointers are borrowed and must outlive the dial: cancel it before
 * its resolver is freed. The guard and the families do not judge the way to an upstream proxy,
 * which is the operator's own choice; a proxy given by name is looked up through resolver. Of what
 * goes through a proxy the guard sees literals, and local names are refused all the same.
 */
struct dial_route {
	const char *device; /* bind every socket to it before connect; NULL: the namespace's own
			       routing */
	bool ipv4, ipv6;    /* families worth trying on this egress now */
	bool allow_private; /* the egress's line says "private" */
	struct resolver *resolver;       /* NULL only with upstream */
	const struct upstream *upstream; /* NULL: connect to the host itself */
	const struct guard *guard;       /* addresses never to be dialled: our own listeners */
	struct address asker;            /* whose share of the resolver it uses; may be AF_UNSPEC */
};

enum dial_result {
	DIAL_OK,
	DIAL_NAME_NOT_FOUND,    /* NXDOMAIN, or no address of a family we have */
	DIAL_NAME_FAILED,       /* SERVFAIL, REFUSED, garbage, no server reachable */
	DIAL_NAME_TIMEOUT,      /* no server answered in time */
	DIAL_LOCAL_NAME,        /* single-label or special-use name: never asked of a resolver */
	DIAL_FORBIDDEN_ADDRESS, /* every address was special, or ours */
	DIAL_REFUSED,           /* RST to our SYN */
	DIAL_UNREACHABLE,       /* ENETUNREACH, EHOSTUNREACH, no address family */
	DIAL_TIMEOUT,           /* nothing answered in time */
	DIAL_DEVICE_GONE,       /* ENODEV when binding: the tunnel went away */
	DIAL_UPSTREAM_FAILED,   /* the upstream proxy was not reached, broke the protocol, or its
				   TLS failed */
	DIAL_UPSTREAM_DENIED,   /* the upstream proxy said no by its policy (403, SOCKS 2) */
	DIAL_UPSTREAM_LOGIN,    /* the upstream proxy refused our credentials */
	DIAL_NO_RESOURCES,      /* out of descriptors, memory or ports */
};

/*
 * The end of a dial. On DIAL_OK stream is the connection (the callee takes it; read before waiting
 * for an edge, since under TLS the first bytes may be here already) and peer the address really
 * dialled (the upstream's, when there is one). Otherwise stream is empty and peer is the
 * last address tried, or AF_UNSPEC. detail is a few words for people and the log, never NULL, valid
 * during the call only.
 */
typedef void dial_done_fn(void *arg, enum dial_result result, struct stream stream,
			  const struct address *peer, const char *detail);

/*
 * Starts connecting to host:port within timeout_ms in all. Calls done exactly once and never from
 * inside dial_start, unless dial_cancel comes first. host is copied. NULL + errno when there is no
 * memory.
 */
MUST_CHECK struct dial *dial_start(struct poller *poller, const struct dial_route *route,
				   const struct host *host, uint16_t port, int timeout_ms,
				   dial_done_fn *done, void *arg);

/* Forgets the dial, its lookups and sockets; done will not be called. */
void dial_cancel(struct dial *dial);

/* "name not found", "timeout", ...: for logs. */
const char *dial_result_name(enum dial_result result);

#endif
