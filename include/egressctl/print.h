/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How egressctl writes for people: colour, numbers, times, tables. */
#ifndef EGRESSCTL_PRINT_H
#define EGRESSCTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
};

enum {
	PRINT_SIZE = 512,
	CELL_SIZE = 272,
	TABLE_COLUMNS_MAX = 12,
};

/* The escape sequence, or "" when standard output is no terminal, or NO_COLOR is set, or TERM is
 * dumb. */
const char *style_on(enum style style);
const char *style_off(void);

/* Writes text with control characters as '?': what a stranger chose may not steer the terminal. */
void print_clean(const char *text);
void print_styled(enum style style, const char *text);

/* "3 s", "4 min", "2 h 5 min", "3 d 4 h". Returns out. */
const char *format_duration(int64_t ms, char out[32]);

/* "512 B", "1.2 KiB", ... Returns out. */
const char *format_bytes(uint64_t bytes, char out[32]);

/* "1,234". Returns out. */
const char *format_count(int64_t count, char out[32]);

/* "14:03:11", with the date before it when it is not today's. Returns out. */
const char *format_time(int64_t wall_ms, int64_t now_ms, char out[32]);

/* Text of at most room columns (one for each byte, less than size), with '~' for what was cut off:
 * its end, or its beginning. Returns out. */
const char *text_cut_tail(const char *text, size_t room, char *out, size_t size);
const char *text_cut_head(const char *text, size_t room, char *out, size_t size);

/* A member's text; fallback when it is not there or null. */
const char *json_text(const json_t *object, const char *key, const char *fallback);
int64_t json_number(const json_t *object, const char *key);

/* A text that may be no UTF-8, as JSON has to be: what is none becomes '?'. NULL: no memory. */
json_t *json_words(const char *text);

/* "host:port" of an object with these members; "-" when the host is hidden. Returns out. */
const char *json_endpoint(const json_t *object, char out[CELL_SIZE]);

/* Columns of standard output when it is a terminal, else 0. */
size_t terminal_width(void);

struct table {
	size_t column_count;
	size_t elastic; /* loses its beginnings when a line is too long; hosts end with what counts
			 */
	size_t indent;
	size_t width; /* of a line at most; 0: the terminal's */
	bool without_titles;
	size_t cell_count, cell_room;
	char (*cells)[CELL_SIZE];
	struct {
		const char *title;
		bool right; /* numbers stand to the right */
		bool extra; /* left out where a line is too long for the terminal */
	} columns[TABLE_COLUMNS_MAX];
};

/* The next cell, row by row. No memory: the cell is dropped. */
void table_add(struct table *table, const char *text);
void table_print(const struct table *table);
void table_clear(struct table *table);

#endif
