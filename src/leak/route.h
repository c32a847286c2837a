/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: asking the kernel's routing, one question at a time. */
#ifndef LEAK_ROUTE_H
#define LEAK_ROUTE_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum {
	ROUTE_ROOM = 16384,
};

/* Begins a message; its room is ROUTE_ROOM bytes. */
struct nlmsghdr *route_begin(char *room, uint16_t type, uint16_t flags, const void *head,
			     size_t len);

/* Sends it and waits for the kernel's word. -1 + errno. */
MUST_CHECK int route_do(struct nlmsghdr *message);

/* Everything of a type; take is given each message. -1 + errno. */
MUST_CHECK int route_dump(uint16_t type, unsigned char family, mnl_cb_t take, void *arg);

/* The attributes behind the message's head of this size, by type; room has types_max + 1 entries.
 */
void route_attributes(const struct nlmsghdr *message, size_t head, const struct nlattr **room,
		      uint16_t types_max);

#endif
