/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a poller knows about one socket: a stream asks here before it asks the kernel. Private to
 * net. */
#ifndef NET_WATCH_H
#define NET_WATCH_H

#include <stdbool.h>
#include <sys/queue.h>

#include "net/poller.h"

struct watch {
	struct poller *poller;
	void (*on_ready)(void *arg); /* NULL: nobody waits; what happens is noted all the same */
	void *arg;
	bool readable, writable; /* an edge came, and no call since has found the end */
	bool ends;               /* FIN, RST or urgent data may lie behind what can be read */
	bool broken;             /* RST, or what the network said */
	bool queued, over;
	TAILQ_ENTRY(watch) link; /* queued, or over */
};

/* Registers fd; the first edge tells at once what it can do already. NULL + errno. */
MUST_CHECK struct watch *watch_new(struct poller *poller, int fd);

/* Calls on_ready in the next turn, after the events of others. */
void watch_wake(struct watch *watch);

/* The socket is about to be closed, which ends its registration. NULL is fine. */
void watch_free(struct watch *watch);

#endif
