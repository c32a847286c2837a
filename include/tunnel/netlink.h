/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rtnetlink sockets: one that tells of changes, and a dump of how things are. No privilege
 * needed. */
#ifndef TUNNEL_NETLINK_H
#define TUNNEL_NETLINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"

struct link_table;

enum {
	NETLINK_BUFFER_SIZE = 32 * 1024, /* the most the kernel puts into one datagram */
};

/* A non-blocking socket that hears of links and addresses. -1 + errno. */
MUST_CHECK int netlink_open_events(void);

/*
 * One datagram of the kernel's. > 0 its length; 0 one that is not from the kernel; -1 + errno:
 * EAGAIN none waits, ENOBUFS some were lost and only a dump tells the truth.
 */
MUST_CHECK ssize_t netlink_read(int fd, uint8_t *bytes, size_t size);

/* Fills an empty table with every link and address. -1 + errno; the table is then not to be
 * trusted. */
MUST_CHECK int netlink_dump(struct link_table *table);

#endif
