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

void text_add_cut(struct text *text, const char *bytes)
{
	size_t room = text->size - text->len - 1;

	text->truncated = true;
	memcpy(text->bytes + text->len, bytes, room);
	text->len += room;
	text->bytes[text->len] = '\0';
}

/* By hand: a log line has a dozen numbers, and printf takes a thousand instructions for each. */
void text_add_number(struct text *text, int64_t number)
{
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
	size_t len = number < 0 ? 2 : 1;
	char *at;

	for (uint64_t rest = left; rest >= 10; rest /= 10)
		len++;
	if (len >= text->size - text->len) {
		text->truncated = true;
		return;
	}
	text->len += len;
	at = text->bytes + text->len;
	*at = '\0';
	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		*--at = '-';
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

/* What JSON writes as it is, when nothing outside ASCII is. */
static const bool text_plain_bytes[256] = {
	[' ' ... '!'] = true,
	['#' ... '['] = true,
	[']' ... '~'] = true,
};

/* How many bytes from the start are plain. */
static size_t text_plain_len(const char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && text_plain_bytes[(unsigned char)bytes[i]])
		i++;
	return i;
}

static void text_add_escaped(struct text *text, unsigned char byte)
{
	char escaped[8] = {'\\', (char)byte};
	size_t len = 2;

	if (byte == '\n')
		escaped[1] = 'n';
	else if (byte != '"' && byte != '\\')
		len = (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
	/* Half an escape would swallow the quote behind it. */
	if (len > text->size - text->len - 1)
		text->truncated = true;
	else
		text_add_bytes(text, escaped, len);
}

void text_add_json(struct text *text, const char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && !text->truncated) {
		size_t plain = text_plain_len(bytes + i, len - i);

		text_add_bytes(text, bytes + i, plain);
		i += plain;
		if (i < len)
			text_add_escaped(text, (unsigned char)bytes[i++]);
	}
}
