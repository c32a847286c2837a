/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last refusals of all workers, for status. */
#ifndef EGRESSD_REFUSALS_H
#define EGRESSD_REFUSALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/host.h"

enum {
	REFUSALS_KEPT = 16,
};

struct refusal_note {
	int64_t at_ms; /* clock_wall_ms() */
	char client[64];
	char host[HOST_TEXT_SIZE]; /* "": hosts are not to be kept */
	uint16_t port;
	const char *reason; /* static */
	char rule[300];     /* "FILE:LINE", or "" */
};

struct refusals;

/* NULL + errno. */
MUST_CHECK struct refusals *refusals_new(void);
void refusals_free(struct refusals *refusals);

/* Any thread. Takes a lock, but never waits for it: a note is dropped when another is being
 * written. */
void refusals_add(struct refusals *refusals, const struct refusal_note *note);

/* Any thread. The newest first; returns how many. */
size_t refusals_read(struct refusals *refusals, struct refusal_note notes[REFUSALS_KEPT]);

#endif
