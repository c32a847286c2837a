/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bounded table of an association's destinations, by host and port and by real peer. */
#include <stdlib.h>
#include <string.h>

#include "association_private.h"

static size_t table_host_bucket(const struct association *association, const struct host *host,
				uint16_t port)
{
	uint8_t key[HOST_TEXT_SIZE + sizeof(port)];

	memcpy(key, &port, sizeof(port));
	memcpy(key + sizeof(port), host->name, host->name_len);
	return hash_bytes(&association->key, key, sizeof(port) + host->name_len) %
	       ASSOCIATION_BUCKETS;
}

static size_t table_peer_bucket(const struct association *association, const struct address *peer)
{
	uint8_t key[sizeof(peer->bytes) + sizeof(peer->port)];

	memcpy(key, &peer->port, sizeof(peer->port));
	memcpy(key + sizeof(peer->port), peer->bytes, address_len(peer));
	return hash_bytes(&association->key, key, sizeof(peer->port) + address_len(peer)) %
	       ASSOCIATION_BUCKETS;
}

struct destination *table_find(struct association *association, const struct host *host,
			       uint16_t port)
{
	struct destination *each = association->by_host[table_host_bucket(association, host, port)];

	while (each != NULL && (each->port != port || each->host.name_len != host->name_len ||
				memcmp(each->host.name, host->name, host->name_len) != 0))
		each = each->same_host;
	return each;
}

struct destination *table_find_peer(struct association *association,
				    const struct association_exit *exit, const struct address *peer)
{
	struct destination *each = association->by_peer[table_peer_bucket(association, peer)];

	while (each != NULL && (each->exit != exit || !address_equals_endpoint(&each->peer, peer)))
		each = each->same_peer;
	return each;
}

static void table_link_newest(struct destination *destination)
{
	struct association *association = destination->association;

	destination->newer = NULL;
	destination->older = association->newest;
	if (association->newest != NULL)
		association->newest->newer = destination;
	else
		association->oldest = destination;
	association->newest = destination;
}

static void table_unlink(struct destination *destination)
{
	struct association *association = destination->association;

	if (destination->newer != NULL)
		destination->newer->older = destination->older;
	else
		association->newest = destination->older;
	if (destination->older != NULL)
		destination->older->newer = destination->newer;
	else
		association->oldest = destination->newer;
}

struct destination *table_add(struct association *association, const struct host *host,
			      uint16_t port)
{
	struct destination **bucket =
		&association->by_host[table_host_bucket(association, host, port)];
	struct destination *destination;

	if (association->destination_count >= ASSOCIATION_DESTINATIONS_MAX)
		table_remove(association->oldest);
	destination = calloc(1, sizeof(*destination));
	if (destination == NULL)
		return NULL;
	destination->association = association;
	destination->host = *host;
	destination->port = port;
	destination->same_host = *bucket;
	*bucket = destination;
	table_link_newest(destination);
	association->destination_count++;
	return destination;
}

void table_touch(struct destination *destination, int64_t now_ms)
{
	destination->used_at_ms = now_ms;
	if (destination->newer == NULL)
		return;
	table_unlink(destination);
	table_link_newest(destination);
}

void table_set_peer(struct destination *destination, const struct address *peer,
		    struct association_exit *exit)
{
	struct association *association = destination->association;
	struct destination **bucket = &association->by_peer[table_peer_bucket(association, peer)];

	table_clear_peer(destination);
	destination->peer = *peer;
	destination->exit = exit;
	destination->same_peer = *bucket;
	*bucket = destination;
}

void table_clear_peer(struct destination *destination)
{
	struct association *association = destination->association;
	struct destination **link;

	if (destination->exit == NULL)
		return;
	link = &association->by_peer[table_peer_bucket(association, &destination->peer)];
	while (*link != destination)
		link = &(*link)->same_peer;
	*link = destination->same_peer;
	destination->same_peer = NULL;
	destination->exit = NULL;
	destination->peer = (struct address){.family = AF_UNSPEC};
}

void table_remove(struct destination *destination)
{
	struct association *association = destination->association;
	struct destination **link = &association->by_host[table_host_bucket(
		association, &destination->host, destination->port)];

	destination_clear(destination);
	table_clear_peer(destination);
	while (*link != destination)
		link = &(*link)->same_host;
	*link = destination->same_host;
	table_unlink(destination);
	association->destination_count--;
	free(destination);
}
