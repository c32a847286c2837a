/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounded text. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_init(struct text *text, char *bytes, size_t size)
{
	*text = (struct text){.bytes = bytes, .size = size};
	bytes[0] = '\0';
}

void text_add_bytes(struct text *text, const char *bytes, size_t len)
{
	size_t room = text->size - text->len - 1;

	if (len > room) {
		text->truncated = true;
		len = room;
	}
	if (len == 0)
		return;
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->bytes[text->len] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_char(struct text *text, char byte)
{
	text_add_bytes(text, &byte, 1);
}

void text_add_format(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->len;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(text->bytes + text->len, room, format, args);
	va_end(args);
	if (wanted < 0)
		return;
	if ((size_t)wanted >= room) {
		text->truncated = true;
		text->len = text->size - 1;
	} else {
		text->len += (size_t)wanted;
	}
}

/* One byte as JSON writes it; returns the length. */
static size_t text_escape_json(unsigned char byte, char escaped[8])
{
	if (byte == '"' || byte == '\\')
		return (size_t)snprintf(escaped, 8, "\\%c", byte);
	if (byte == '\n')
		return (size_t)snprintf(escaped, 8, "\\n");
	if (byte < 0x20 || byte >= 0x7f)
		return (size_t)snprintf(escaped, 8, "\\u%04x", byte);
	escaped[0] = (char)byte;
	return 1;
}

void text_add_json(struct text *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char escaped[8];
		size_t escaped_len = text_escape_json((unsigned char)bytes[i], escaped);

		/* Half an escape would swallow the quote behind it. */
		if (escaped_len > text->size - text->len - 1) {
			text->truncated = true;
			return;
		}
		text_add_bytes(text, escaped, escaped_len);
	}
}
