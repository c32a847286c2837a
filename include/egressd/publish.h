/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a worker learns what is new: a snapshot to go by, a tunnel's new epoch. */
#ifndef EGRESSD_PUBLISH_H
#define EGRESSD_PUBLISH_H

#include <stddef.h>

#include "base/address.h"
#include "base/compiler.h"

struct lane;
struct message;
struct snapshot;
struct worker;

/* A listening socket for a new endpoint, as main opened it. */
struct worker_socket {
	struct address address;
	int fd;
};

/*
 * Any thread. Puts a snapshot in force (its own reference) with the sockets of its new endpoints
 * (taken; the array is copied). Once the worker goes by it, applied is run out of the mailbox of
 * the worker's owner, and frees the message. Without memory it aborts.
 */
void worker_publish(struct worker *worker, struct snapshot *snapshot,
		    const struct worker_socket *sockets, size_t count,
		    void (*applied)(struct message *message, void *owner));

/* Any thread: look at the tunnels now. */
void worker_wake_tunnels(struct worker *worker);

/* Worker's thread: the lane of an egress of the snapshot in force, after a look at its tunnel. */
struct lane *worker_lane(struct worker *worker, int egress);

/* Worker's thread: ends what an old epoch holds, lets go what waited for a tunnel now up. */
void worker_look_at_tunnels(struct worker *worker);

#endif
