/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel says about devices and their addresses, kept from rtnetlink messages. Pure: bytes
 * in, a table out. */
#ifndef TUNNEL_LINK_H
#define TUNNEL_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum {
	LINK_ADDRESSES_MAX = 16, /* of global scope, on one device; more are not looked at */
};

struct link_address {
	struct address address; /* port 0 */
	uint8_t prefix_len;
	bool usable; /* not tentative, no duplicate was found */
};

struct link {
	unsigned ifindex; /* 0: there is no such device */
	unsigned flags;   /* IFF_* */
	char name[IF_NAMESIZE];
	struct link_address addresses[LINK_ADDRESSES_MAX]; /* global scope only */
	size_t address_count;
};

struct link_table {
	struct link *links;
	size_t count, size;
	bool incomplete; /* no memory for a link: what is here is not the whole truth */
};

struct link_message {
	uint16_t type, flags;
	uint32_t sequence;
	const uint8_t *body;
	size_t len;
};

void link_table_clear(struct link_table *table);

/* Takes the next message off *bytes. False at the end, or when what is left is not a message. */
bool link_message_next(const uint8_t **bytes, size_t *len, struct link_message *message);

/* True when the table is another one now. Other messages and malformed ones change nothing. */
bool link_table_apply(struct link_table *table, const struct link_message *message);

/* NULL: there is none. Valid until the table changes. */
const struct link *link_table_find(const struct link_table *table, const char *name);

/* The same addresses, in any order, usable or not yet. */
bool link_same_addresses(const struct link *a, const struct link *b);

/* The first usable address of a family, or one of AF_UNSPEC. */
struct address link_usable_address(const struct link *link, sa_family_t family);

#endif
