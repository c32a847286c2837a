/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One destination of an association: its verdict, its name, and what waits for that name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "association_private.h"
#include "net/guard.h"
#include "net/resolver.h"

static void destination_on_lookup(void *arg, enum lookup_result result,
				  const struct address *addresses, size_t count);

static void destination_drop_queue(struct destination *destination)
{
	struct association *association = destination->association;
	struct destination_queued *queued;

	while ((queued = destination->queue) != NULL) {
		destination->queue = queued->next;
		association->queued_bytes -= sizeof(*queued) + queued->len;
		association->counters.dropped++;
		free(queued);
	}
}

static void destination_stop_lookup(struct destination *destination)
{
	if (destination->lookup == NULL)
		return;
	lookup_cancel(destination->lookup);
	destination->lookup = NULL;
	destination->association->lookups--;
}

void destination_clear(struct destination *destination)
{
	destination_stop_lookup(destination);
	destination_drop_queue(destination);
}

static void destination_fail(struct destination *destination, enum destination_state state)
{
	destination->state = state;
	table_clear_peer(destination);
	destination_drop_queue(destination);
}

static bool destination_may_use(const struct destination *destination, const struct address *peer)
{
	const struct dial_route *route = &destination->route;
	const char *reason;

	if (peer->family == AF_INET ? !route->ipv4 : !route->ipv6)
		return false;
	return guard_allows(route->guard, peer, route->allow_private, &reason);
}

static void destination_flush(struct destination *destination)
{
	struct association *association = destination->association;
	struct destination_queued *queued;

	while ((queued = destination->queue) != NULL) {
		destination->queue = queued->next;
		association->queued_bytes -= sizeof(*queued) + queued->len;
		exit_send(destination->exit, &destination->peer, queued->bytes, queued->len);
		free(queued);
	}
}

/* An exit that cannot be opened now (the device is away) may open at the next datagram. */
static void destination_settle(struct destination *destination, const struct address *address)
{
	struct address peer = *address;
	struct association_exit *exit;

	peer.port = destination->port;
	exit = exit_get(destination->association, destination->route.device, peer.family);
	if (exit == NULL) {
		destination_fail(destination, DESTINATION_UNRESOLVED);
		return;
	}
	table_set_peer(destination, &peer, exit);
	destination->state = DESTINATION_READY;
	destination_flush(destination);
}

static void destination_ask(struct destination *destination, int family)
{
	struct association *association = destination->association;

	destination->state = DESTINATION_RESOLVING;
	destination->lookup_family = family;
	if (destination->route.resolver != NULL && association->lookups < ASSOCIATION_LOOKUPS_MAX)
		destination->lookup = resolver_lookup(
			destination->route.resolver, &destination->host, family,
			&destination->route.asker, destination_on_lookup, destination);
	if (destination->lookup == NULL)
		destination_fail(destination, DESTINATION_UNRESOLVED);
	else
		association->lookups++;
}

/* IPv4 first: there is no race of addresses in UDP, and IPv6 is what VPNs lack. */
static void destination_resolve(struct destination *destination)
{
	const struct host *host = &destination->host;

	if (host->is_literal)
		destination_settle(destination, &host->address);
	else
		destination_ask(destination, destination->route.ipv4 ? AF_INET : AF_INET6);
}

/* A name that is unknown costs its own datagrams and nothing else; the next one asks again. */
static void destination_on_lookup(void *arg, enum lookup_result result,
				  const struct address *addresses, size_t count)
{
	struct destination *destination = arg;

	destination->lookup = NULL;
	destination->association->lookups--;
	for (size_t i = 0; result == LOOKUP_OK && i < count; i++) {
		struct address peer = addresses[i];

		peer.port = destination->port;
		if (destination_may_use(destination, &peer)) {
			destination_settle(destination, &peer);
			return;
		}
	}
	if (destination->lookup_family == AF_INET && destination->route.ipv6)
		destination_ask(destination, AF_INET6);
	else
		destination_fail(destination, DESTINATION_UNRESOLVED);
}

/* The peer of the old verdict may stay: an answer under way is not lost for a reload. */
static bool destination_keeps_peer(const struct destination *destination)
{
	return destination->exit != NULL &&
	       exit_is_on(destination->exit, destination->route.device) &&
	       destination_may_use(destination, &destination->peer);
}

static bool destination_may_try(const struct destination *destination)
{
	const struct dial_route *route = &destination->route;
	struct address peer = destination->host.address;

	if (route->upstream != NULL)
		return false;
	if (!destination->host.is_literal)
		return !host_is_local_name(&destination->host) && (route->ipv4 || route->ipv6);
	peer.port = destination->port;
	return destination_may_use(destination, &peer);
}

void destination_judge(struct destination *destination)
{
	struct association *association = destination->association;

	/* The route of before may point at what is no more. */
	destination_stop_lookup(destination);
	destination->route = (struct dial_route){0};
	errno = 0;
	if (association->judge(association->arg, &destination->host, destination->port,
			       &destination->route) < 0) {
		destination_fail(destination,
				 errno == EAGAIN ? DESTINATION_UNJUDGED : DESTINATION_DENIED);
		return;
	}
	if (!destination_may_try(destination)) {
		destination_fail(destination, DESTINATION_DENIED);
		return;
	}
	if (destination_keeps_peer(destination)) {
		destination->state = DESTINATION_READY;
		destination_flush(destination);
		return;
	}
	table_clear_peer(destination);
	destination->state = DESTINATION_UNRESOLVED;
	if (destination->queue != NULL)
		destination_resolve(destination);
}

static void destination_enqueue(struct destination *destination, const uint8_t *payload, size_t len)
{
	struct association *association = destination->association;
	struct destination_queued **end = &destination->queue;
	struct destination_queued *queued = NULL;
	size_t size = sizeof(*queued) + len;
	int count = 0;

	for (; *end != NULL; end = &(*end)->next)
		count++;
	if (count < DESTINATION_QUEUE_MAX &&
	    association->queued_bytes + size <= ASSOCIATION_QUEUE_MAX_BYTES)
		queued = malloc(size);
	if (queued == NULL) {
		association->counters.dropped++;
		return;
	}
	queued->next = NULL;
	queued->len = len;
	memcpy(queued->bytes, payload, len);
	association->queued_bytes += size;
	*end = queued;
}

static bool destination_is_stale(const struct destination *destination, int64_t now_ms)
{
	return !destination->host.is_literal &&
	       now_ms - destination->used_at_ms > DESTINATION_REFRESH_MS;
}

void destination_send(struct destination *destination, const uint8_t *payload, size_t len,
		      int64_t now_ms)
{
	if (destination->state == DESTINATION_UNJUDGED)
		destination_judge(destination);
	if (destination->state == DESTINATION_READY && destination_is_stale(destination, now_ms))
		destination->state = DESTINATION_UNRESOLVED;
	table_touch(destination, now_ms);
	if (destination->state == DESTINATION_UNRESOLVED && destination->host.is_literal)
		destination_resolve(destination);
	if (destination->state == DESTINATION_READY) {
		exit_send(destination->exit, &destination->peer, payload, len);
	} else if (destination->state <= DESTINATION_UNJUDGED || destination->host.is_literal) {
		destination->association->counters.dropped++;
	} else {
		destination_enqueue(destination, payload, len);
		if (destination->state == DESTINATION_UNRESOLVED)
			destination_resolve(destination);
	}
}
