/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stdbool.h>

#include "base/address.h"
#include "base/compiler.h"

/*
 * A non-blocking listening TCP socket with SO_REUSEADDR and SO_REUSEPORT (one for each worker).
 * IPV6_V6ONLY is off: [::] serves IPv4 too. -1 + errno.
 */
MUST_CHECK int listen_open(const struct address *address, int backlog);

/*
 * Whether a connection waits in the kernel until its first byte or its end has come, about a second
 * unless packets are lost (TCP_DEFER_ACCEPT): accepted and read in one turn of the loop, not in
 * two. Only where the client speaks first. Until then it costs no descriptor but a place in the
 * queue of handshakes, and when the listener is closed it hears of that only once it speaks. As
 * good as it can be had; off in a new socket, and may change at any time.
 */
void listen_defer_accept(int fd, bool defer);

/* Accepts one connection, non-blocking and close-on-exec, and says who it is. -1 + errno (EAGAIN:
 * none waits). */
MUST_CHECK int listen_accept(int fd, struct address *peer);

#endif
