/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A policy read in the background, however many names it has, with what of the processors' time
 * nobody else wants. Where that takes too long, on a machine that is busy without a pause, it is
 * read a second time, with an ordinary share.
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

struct reading_result {
	struct config_files *files;  /* the policy's own is the first */
	struct config *config;       /* NULL: there is none */
	struct config_report *found; /* NULL: no memory */
};

/* Reads the first of result->files here and now; with a path, the file there, which then is their
 * first. */
void reading_do(struct reading_result *result, const char *path);

/* Frees what is still there. */
void reading_clear(struct reading_result *result);

/* The result is cleared afterwards: done takes out what it wants to keep, and puts NULL there. */
typedef void reading_done_fn(void *arg, struct reading_result *result);

/*
 * The same in the background: of these files, or with files NULL of that path, which lives as long
 * as the process. Calls done once, from the loop; from then on there is no reading. It loses its
 * patience after patience_ms (READING_PATIENCE_MS). In the thread of the base. NULL + errno.
 */
MUST_CHECK struct reading *reading_start(struct event_base *base, const struct config_files *files,
					 const char *path, unsigned patience_ms,
					 reading_done_fn *done, void *arg);

/* Frees a policy and its files (NULL: there are none) in the background: with a million names,
 * either takes milliseconds. Any thread. */
void reading_retire(struct config *config, struct config_files *files);

/* Waits for nothing, and done is not called. In the thread of the base. NULL is nothing. */
void reading_cancel(struct reading *reading);

#endif
