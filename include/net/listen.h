/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/address.h"
#include "base/compiler.h"

/*
 * A non-blocking listening TCP socket with SO_REUSEADDR and SO_REUSEPORT (one for each worker).
 * IPV6_V6ONLY is off: [::] serves IPv4 too, and so is TCP_DEFER_ACCEPT. -1 + errno.
 */
MUST_CHECK int listen_open(const struct address *address, int backlog);

/* Accepts one connection, non-blocking and close-on-exec, and says who it is. -1 + errno (EAGAIN:
 * none waits). */
MUST_CHECK int listen_accept(int fd, struct address *peer);

#endif
