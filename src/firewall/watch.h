/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: what the kernel tells of changes to packet rules, whoever made them. */
#ifndef FIREWALL_WATCH_H
#define FIREWALL_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum {
	WATCH_PROGRAM_SIZE = 16,
};

enum watch_kind {
	WATCH_OTHER,
	WATCH_CHANGE, /* something of this table */
	WATCH_COMMIT, /* what came before it is in force, as this generation */
};

struct watch_message {
	enum watch_kind kind;
	const char *table; /* points into the message; not terminated */
	size_t table_len;
	uint32_t port; /* of the socket that asked for the change */
	uint32_t generation;
	uint32_t pid; /* as the host counts them; 0: not told */
	char program[WATCH_PROGRAM_SIZE];
};

/* A descriptor that hears of every change in this network namespace; does not block. -1 + errno. */
MUST_CHECK int watch_open(void);

/* The next message of what was received; false at the end, or when the rest is no message. */
bool watch_message_next(const uint8_t **bytes, size_t *len, struct watch_message *message);

bool watch_message_names(const struct watch_message *message, const char *table);

#endif
