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
 * From now on the lines of this thread wait for log_flush, so that many of them are one write(2).
 * Its loop calls that before it waits for anything: a line is never late by more than a turn, and
 * only what kills the process in the middle of one (SIGKILL, a crash) loses the lines of that turn.
 * Errors never wait.
 */
void log_gather(void);
void log_flush(void);

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
void log_field(struct log_line *line, const char *key, const char *value);
void log_field_bytes(struct log_line *line, const char *key, const char *value, size_t len);
void log_field_number(struct log_line *line, const char *key, int64_t value);
void log_field_address(struct log_line *line, const char *key, const struct address *address);
void log_end(struct log_line *line);

#endif
