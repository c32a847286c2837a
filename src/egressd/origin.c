/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection to an origin, and what it is for. */
#include "egressd/origin.h"

#include <stdlib.h>
#include <string.h>

#include "egressd/session.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"

static void origin_fill_key(struct origin_key *key, const struct session *session)
{
	const struct record *record = &session->record;

	key->client = session->peer;
	key->endpoint = session->endpoint->address;
	key->lane = record->lane;
	key->epoch = record->lane->epoch;
	key->port = record->port;
	if (session->user != NULL)
		memcpy(key->user, session->user, strlen(session->user) + 1);
	memcpy(key->host, record->host.name, (size_t)record->host.name_len + 1);
}

struct origin *origin_new(const struct session *session, struct stream stream)
{
	struct origin *origin = calloc(1, sizeof(*origin));

	if (origin == NULL) {
		stream_reset(&stream);
		return NULL;
	}
	origin->stream = stream;
	origin->address = session->record.address;
	origin_fill_key(&origin->key, session);
	return origin;
}

void origin_watch(struct origin *origin, void (*on_ready)(void *watcher), void *watcher)
{
	stream_on_ready(&origin->stream, on_ready, watcher);
}

void origin_wake(struct origin *origin)
{
	stream_wake(&origin->stream);
}

bool origin_is_for(const struct origin *origin, const struct session *session)
{
	const struct origin_key *key = &origin->key;
	const struct record *record = &session->record;

	return key->lane == record->lane && key->epoch == record->lane->epoch &&
	       key->port == record->port && strcmp(key->host, record->host.name) == 0 &&
	       address_equals(&key->client, &session->peer) &&
	       address_equals_endpoint(&key->endpoint, &session->endpoint->address) &&
	       strcmp(key->user, session->user == NULL ? "" : session->user) == 0;
}

struct stream origin_release(struct origin *origin)
{
	struct stream stream = origin->stream;

	free(origin);
	return stream;
}

void origin_close(struct origin *origin)
{
	struct stream stream;

	if (origin == NULL)
		return;
	stream = origin_release(origin);
	stream_close(&stream);
}

void origin_reset(struct origin *origin)
{
	struct stream stream;

	if (origin == NULL)
		return;
	stream = origin_release(origin);
	stream_reset(&stream);
}
