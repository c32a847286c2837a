/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: messages that the kernel takes all together or not at all. */
#ifndef FIREWALL_BATCH_H
#define FIREWALL_BATCH_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "firewall/ruleset.h"

enum {
	BATCH_ROOM = 128 * 1024, /* for one message; a list of elements is 64 KiB at most */
	BATCH_ELEMENTS_MAX = 500,
};

/* What a message was about, for the words that say which one was refused. */
struct batch_note {
	const char *needs; /* static: what the kernel has to have for it */
};

struct batch {
	uint8_t family; /* of every table in it: NFPROTO_INET, NFPROTO_NETDEV */
	char *bytes;
	size_t len, size;
	struct batch_note *notes;
	size_t note_count; /* message i has sequence number i */
	struct nlmsghdr *last;
	bool failed;
};

/* The kernel's number of it. */
uint8_t family_number(enum ruleset_family family);

void batch_init(struct batch *batch, enum ruleset_family family);
void batch_clear(struct batch *batch);

/* Begins a message with room for what it holds; NULL when there is no memory. */
struct nlmsghdr *batch_begin(struct batch *batch, uint16_t type, uint16_t flags, const char *needs);
void batch_end(struct batch *batch, struct nlmsghdr *message);

/* Asks for an answer to the last message, and closes the batch. -1 + ENOMEM. */
MUST_CHECK int batch_finish(struct batch *batch);

/* What the message with this sequence number needs of the kernel. */
const char *batch_needs(const struct batch *batch, uint32_t sequence);

#endif
