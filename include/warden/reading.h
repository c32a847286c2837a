/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A policy read beside everything else, however many names it has: in a thread of its own, which
 * gets a processor only when nobody else wants one (SCHED_IDLE of sched(7)). Where that takes too
 * long, on a machine that is busy without a pause, another thread reads it with a share like
 * everybody's. All functions are the thread's of the base.
 */
#ifndef WARDEN_READING_H
#define WARDEN_READING_H

#include "base/compiler.h"

struct config;
struct config_files;
struct config_report;
struct event_base;
struct reading;

enum {
	READING_PATIENCE_MS = 5000,
};

/* Owns what it gets: the config (NULL: there is none) and what was found (NULL: no memory). */
typedef void reading_done_fn(void *arg, struct config *config, struct config_report *found);

/* Reads the copy of that path, and loses its patience after so long (READING_PATIENCE_MS); files is
 * not used any more when this returns. Calls done once, from the loop; from then on there is no
 * reading. NULL + errno. */
MUST_CHECK struct reading *reading_start(struct event_base *base, const struct config_files *files,
					 const char *path, unsigned patience_ms,
					 reading_done_fn *done, void *arg);

/* Waits for nothing, and done is not called. NULL is nothing. */
void reading_cancel(struct reading *reading);

#endif
