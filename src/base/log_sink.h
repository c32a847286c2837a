/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where finished lines go: to standard error at once, or by a ring to the thread that writes. */
#ifndef BASE_LOG_SINK_H
#define BASE_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct log_line;

/* Any thread. urgent: the writer does not gather more first. */
void log_sink_put(const char *line, size_t len, bool urgent);

/* log.c's: ends the text of an enabled line. */
void log_line_finish(struct log_line *line);

#endif
