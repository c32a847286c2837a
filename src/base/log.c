/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats a line in a buffer on the caller's stack. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "log_sink.h"

enum {
	LOG_TAIL_SIZE =
		32, /* room that is kept for ,"truncated":true}, the line's end and the NUL */
	LOG_STAMP_MS = sizeof("2026-01-01T00:00:00.") - 1, /* where the milliseconds stand */
	LOG_STAMP_LEN = LOG_STAMP_MS + sizeof("000Z") - 1,
};

static _Atomic int log_threshold = LOG_INFO;
static _Atomic int log_style = LOG_TEXT;

/* What stands between the time and the event; in text, events stand in one column. */
static const char *const log_levels[][4] = {
	[LOG_TEXT] = {" error ", " warn  ", " info  ", " debug "},
	[LOG_JSON] = {"\",\"level\":\"error\",\"event\":\"", "\",\"level\":\"warn\",\"event\":\"",
		      "\",\"level\":\"info\",\"event\":\"", "\",\"level\":\"debug\",\"event\":\""},
};

void log_configure(enum log_level level, enum log_format format)
{
	atomic_store_explicit(&log_threshold, level, memory_order_relaxed);
	atomic_store_explicit(&log_style, format, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&log_threshold, memory_order_relaxed);
}

/* A busy thread writes thousands of lines a second, and their stamps differ in the last digits. */
static const char *log_stamp(int64_t now_ms)
{
	static _Thread_local char stamp[32];
	static _Thread_local time_t stamp_seconds;
	time_t seconds = now_ms / 1000;
	int rest = (int)(now_ms % 1000);
	struct tm utc;

	if (seconds != stamp_seconds) {
		gmtime_r(&seconds, &utc);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S.000Z", &utc);
		stamp_seconds = seconds;
	}
	stamp[LOG_STAMP_MS] = (char)('0' + rest / 100);
	stamp[LOG_STAMP_MS + 1] = (char)('0' + rest / 10 % 10);
	stamp[LOG_STAMP_MS + 2] = (char)('0' + rest % 10);
	return stamp;
}

static void log_add_head(struct log_line *line)
{
	if (line->format == LOG_JSON)
		text_add(&line->text, "{\"time\":\"");
	text_add_bytes(&line->text, log_stamp(clock_wall_ms()), LOG_STAMP_LEN);
	text_add(&line->text, log_levels[line->format][line->level]);
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
	line->level = level;
	line->enabled = log_enabled(level);
	line->format = (enum log_format)atomic_load_explicit(&log_style, memory_order_relaxed);
	text_init(&line->text, line->bytes, sizeof(line->bytes) - LOG_TAIL_SIZE);
	if (!line->enabled)
		return;
	log_add_head(line);
	text_add_json(&line->text, event, strlen(event));
	line->text.size++;
	if (line->format == LOG_JSON)
		text_add_char(&line->text, '"');
}

/* A field is there whole or not at all: half of one would not be JSON. */
static void log_keep_whole(struct log_line *line, size_t len_before)
{
	if (!line->text.truncated)
		return;
	line->text.len = len_before;
	line->text.bytes[len_before] = '\0';
}

/* The room is looked at once for all of it: half a key would have to go again. */
static void log_add_key(struct log_line *line, struct span key)
{
	struct text *text = &line->text;
	char *at = text->bytes + text->len;
	bool json = line->format == LOG_JSON;
	size_t quotes = json ? 2 : 0;

	if (key.len + quotes + 2 >= text->size - text->len) {
		text->truncated = true;
		return;
	}
	*at++ = json ? ',' : ' ';
	if (json)
		*at++ = '"';
	memcpy(at, key.bytes, key.len);
	at += key.len;
	if (json)
		*at++ = '"';
	*at++ = json ? ':' : '=';
	*at = '\0';
	text->len += key.len + quotes + 2;
}

/* What a value of text may hold and stand there as it is. */
static const bool log_plain_bytes[256] = {
	['!'] = true,
	['#' ... '<'] = true,
	['>' ... '['] = true,
	[']' ... '~'] = true,
};

static bool log_value_is_plain(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!log_plain_bytes[(unsigned char)value[i]])
			return false;
	}
	return len > 0;
}

void log_add_bytes(struct log_line *line, struct span key, const char *value, size_t len)
{
	size_t len_before = line->text.len;

	if (!line->enabled)
		return;
	log_add_key(line, key);
	if (line->format == LOG_TEXT && log_value_is_plain(value, len)) {
		text_add_bytes(&line->text, value, len);
	} else {
		text_add_char(&line->text, '"');
		text_add_json(&line->text, value, len);
		text_add_char(&line->text, '"');
	}
	log_keep_whole(line, len_before);
}

void log_add_number(struct log_line *line, struct span key, int64_t value)
{
	size_t len_before = line->text.len;

	if (!line->enabled)
		return;
	log_add_key(line, key);
	text_add_number(&line->text, value);
	log_keep_whole(line, len_before);
}

void log_add_address(struct log_line *line, struct span key, const struct address *address)
{
	size_t len_before = line->text.len;
	char text[ADDRESS_TEXT_SIZE];

	if (!line->enabled)
		return;
	log_add_key(line, key);
	text_add(&line->text, line->format == LOG_JSON ? "\"" : "");
	text_add(&line->text, address_format(address, text));
	text_add(&line->text, line->format == LOG_JSON ? "\"" : "");
	log_keep_whole(line, len_before);
}

void log_line_finish(struct log_line *line)
{
	line->text.size = sizeof(line->bytes);
	if (line->text.truncated)
		text_add(&line->text,
			 line->format == LOG_JSON ? ",\"truncated\":true" : " truncated=true");
	text_add(&line->text, line->format == LOG_JSON ? "}\n" : "\n");
}

void log_end(struct log_line *line)
{
	if (!line->enabled)
		return;
	log_line_finish(line);
	log_sink_put(line->text.bytes, line->text.len, line->level == LOG_ERROR);
}

static void PRINTF_LIKE(2, 0) log_message(enum log_level level, const char *format, va_list args)
{
	struct log_line line;
	char message[1024];

	if (!log_enabled(level))
		return;
	vsnprintf(message, sizeof(message), format, args);
	log_begin(&line, level, message);
	log_end(&line);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_ERROR, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_WARN, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_DEBUG, format, args);
	va_end(args);
}
