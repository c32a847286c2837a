/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log: one event a line on standard error, as text (event key=value ...) or as JSON. Any thread
 * may log; lines never mix. Never payloads, credentials or full URLs.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/span.h"
#include "base/text.h"

enum log_level {
	LOG_ERROR, /* the operator must act */
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG,
};

enum log_format {
	LOG_TEXT,
	LOG_JSON,
};

/* Takes effect at once in every thread. The start is LOG_INFO and LOG_TEXT. */
void log_configure(enum log_level level, enum log_format format);

bool log_enabled(enum log_level level);

/*
 * From now on this process never waits for whoever reads its log, nor does a program that it
 * starts: a line that cannot be written at once is lost, and the next that can says how many were.
 * Once, before there are threads. Files are as ever.
 */
void log_never_wait(void);

/*
 * From now on a thread of its own writes the lines; the others only put them where it finds them,
 * 512 KiB for each thread that logs. When that is full, since nobody reads, lines are lost and
 * counted, and it is said as soon as something can be written. The order of a thread's lines is
 * kept. A line that comes within 20 ms of the last write waits for the rest of them, but not an
 * error, nor for longer than there is room; a crash or SIGKILL loses these. -1 + errno. Before a
 * filter of system calls; every thread that logs should last.
 */
MUST_CHECK int log_writer_start(void);

/* No other thread logs any more. Everything is written then, unless nobody has read the log for a
 * second; later lines are written at once. */
void log_writer_stop(void);

/* Since the start; any thread. */
uint64_t log_lines_lost(void);

void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

/* A line with fields. Keys are our own words; values are escaped, so no value can forge a line. */
struct log_line {
	enum log_level level;
	enum log_format format;
	bool enabled;
	struct text text;
	char bytes[2048];
};

void log_begin(struct log_line *line, enum log_level level, const char *event);
void log_add_bytes(struct log_line *line, struct span key, const char *value, size_t len);
void log_add_number(struct log_line *line, struct span key, int64_t value);
void log_add_address(struct log_line *line, struct span key, const struct address *address);
void log_end(struct log_line *line);

/* The same with a key of ours, whose length is known when compiling. */
static inline void log_field_bytes(struct log_line *line, const char *key, const char *value,
				   size_t len)
{
	log_add_bytes(line, span_of(key), value, len);
}

static inline void log_field(struct log_line *line, const char *key, const char *value)
{
	log_field_bytes(line, key, value, strlen(value));
}

static inline void log_field_number(struct log_line *line, const char *key, int64_t value)
{
	log_add_number(line, span_of(key), value);
}

static inline void log_field_address(struct log_line *line, const char *key,
				     const struct address *address)
{
	log_add_address(line, span_of(key), address);
}

#endif
