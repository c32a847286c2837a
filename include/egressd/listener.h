/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One listening socket of one worker. A reload never closes an unchanged one: its queued clients
 * would be reset. */
#ifndef EGRESSD_LISTENER_H
#define EGRESSD_LISTENER_H

#include <event2/event_struct.h>
#include <sys/queue.h>

#include "base/address.h"
#include "base/compiler.h"

struct endpoint;
struct worker;

struct listener {
	struct worker *worker;
	struct address address;
	const struct endpoint *endpoint; /* in the snapshot in force */
	int fd;
	struct event event;
	SLIST_ENTRY(listener) link;
};

/* Starts accepting for endpoint; takes fd, also when it fails. -1 + errno. */
MUST_CHECK int listener_open(struct worker *worker, const struct endpoint *endpoint, int fd);

/* From now on its clients are those of endpoint, which has the same address. */
void listener_serve(struct listener *listener, const struct endpoint *endpoint);

/* Stops, closes and frees. */
void listener_close(struct listener *listener);

/* Accepts again after a pause. */
void listener_resume(struct listener *listener);

#endif
