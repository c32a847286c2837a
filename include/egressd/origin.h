/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An HTTP connection to an origin. It is watched once for all of its life, whoever has it: an
 * exchange, the pool of idle ones, the next exchange. It belongs to one client and user on one
 * egress, epoch and origin, and never serves another.
 */
#ifndef EGRESSD_ORIGIN_H
#define EGRESSD_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/host.h"
#include "net/stream.h"

struct lane;
struct origin_pool;
struct session;

/* Whom and what it is for. The client's address stands for the client: identity follows from it. */
struct origin_key {
	struct address client;
	struct address endpoint; /* where the client came in */
	const struct lane *lane;
	uint32_t epoch;
	uint16_t port;
	char user[256];
	char host[HOST_TEXT_SIZE];
};

struct origin {
	struct stream stream;
	struct address address; /* where it leads */
	struct origin_key key;
	struct origin_pool *pool; /* the rest is the pool's; NULL: it never was there */
	size_t bucket;
	int64_t idle_since_ms;
	TAILQ_ENTRY(origin) link;
	LIST_ENTRY(origin) bucket_link;
};

/* For what the session asks; takes stream, also when it fails. NULL + errno. */
MUST_CHECK struct origin *origin_new(const struct session *session, struct stream stream);

/* From now on on_ready(watcher) is called when something can be read or written. */
void origin_watch(struct origin *origin, void (*on_ready)(void *watcher), void *watcher);

/* Calls on_ready from the event loop, after the events of others. */
void origin_wake(struct origin *origin);

/* May it serve what the session asks now? */
bool origin_is_for(const struct origin *origin, const struct session *session);

/* Frees it and gives its stream back. */
struct stream origin_release(struct origin *origin);

/* Safe on NULL. */
void origin_close(struct origin *origin);
void origin_reset(struct origin *origin);

#endif
