/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Watches the streams of one thread, each registered once for its whole life, whoever has it: a
 * stream that changes hands costs no system call. An epoll of its own, inside the thread's libevent
 * loop, because libevent does not tell an error that lies behind data.
 */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include "base/compiler.h"

struct event_base;
struct poller;

/* Inside base, which is borrowed. NULL + errno. */
MUST_CHECK struct poller *poller_new(struct event_base *base);

/* After every stream it watched was closed. */
void poller_free(struct poller *poller);

/* For timers, and for what is not a stream. */
struct event_base *poller_base(const struct poller *poller);

#endif
