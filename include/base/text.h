/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds text in a buffer of the caller's, bounded; what does not fit is dropped and remembered. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

struct text {
	char *bytes; /* always NUL-terminated */
	size_t len;
	size_t size;
	bool truncated; /* something did not fit */
};

/* Uses bytes, size >= 1. */
void text_init(struct text *text, char *bytes, size_t size);

/* As much of bytes as there is room for, which is not enough. */
void text_add_cut(struct text *text, const char *bytes);

/* Inline, like the next two: most of what is added is a word of ours, and the compiler knows how
 * long that is. */
static inline void text_add_bytes(struct text *text, const char *bytes, size_t len)
{
	if (len >= text->size - text->len) {
		text_add_cut(text, bytes);
		return;
	}
	if (len == 0)
		return;
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->bytes[text->len] = '\0';
}

static inline void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

static inline void text_add_char(struct text *text, char byte)
{
	text_add_bytes(text, &byte, 1);
}

/* The whole number or nothing of it. */
void text_add_number(struct text *text, int64_t number);
void text_add_format(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* With control bytes, quotes, backslashes and all outside ASCII as JSON escapes (RFC 8259 7); no
 * quotes around. */
void text_add_json(struct text *text, const char *bytes, size_t len);

#endif
