/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens, text, lists and lines. */
#include "http_bytes.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

const bool http_token_bytes[256] = {
	['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['!'] = true,
	['#'] = true,         ['$'] = true,         ['%'] = true,         ['&'] = true,
	['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true,
	['.'] = true,         ['^'] = true,         ['_'] = true,         ['`'] = true,
	['|'] = true,         ['~'] = true,
};

bool http_is_token(struct span span)
{
	for (size_t i = 0; i < span.len; i++) {
		if (!http_is_token_byte(span.bytes[i]))
			return false;
	}
	return span.len > 0;
}

/* The top bits of the bytes in a word that are no text, or a tab: right for the first of them. */
static uint64_t http_not_text(uint64_t word)
{
	const uint64_t ones = UINT64_MAX / 255, tops = ones * 0x80;
	uint64_t deletes = word ^ ones * 0x7f;

	/* A byte below a number n up to 128 borrows its top bit when n is taken from it. */
	return (((word - ones * ' ') & ~word) | ((deletes - ones) & ~deletes)) & tops;
}

size_t http_skip_text(const char *bytes, size_t from, size_t limit)
{
	uint64_t word, stops;

	while (limit - from >= sizeof(word)) {
		memcpy(&word, bytes + from, sizeof(word));
		stops = http_not_text(le64toh(word));
		if (stops == 0) {
			from += sizeof(word);
			continue;
		}
		from += (size_t)__builtin_ctzll(stops) / 8;
		if (bytes[from] != '\t')
			return from;
		from++;
	}
	while (from < limit && http_is_text_byte(bytes[from]))
		from++;
	return from;
}

bool http_is_text(struct span span)
{
	return http_skip_text(span.bytes, 0, span.len) == span.len;
}

static bool http_is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

struct span http_trim(struct span span)
{
	while (span.len > 0 && http_is_blank(span.bytes[0])) {
		span.bytes++;
		span.len--;
	}
	while (span.len > 0 && http_is_blank(span.bytes[span.len - 1]))
		span.len--;
	return span;
}

bool http_list_next(struct span *rest, struct span *member)
{
	while (rest->len > 0) {
		const char *comma = memchr(rest->bytes, ',', rest->len);
		size_t len = comma == NULL ? rest->len : (size_t)(comma - rest->bytes);
		size_t taken = comma == NULL ? len : len + 1;

		*member = http_trim((struct span){rest->bytes, len});
		rest->bytes += taken;
		rest->len -= taken;
		if (member->len > 0)
			return true;
	}
	return false;
}

bool http_list_contains(struct span list, const char *member)
{
	struct span found;

	while (http_list_next(&list, &found)) {
		if (span_equals_nocase(found, member))
			return true;
	}
	return false;
}

bool http_take_line(struct span *rest, struct span *line)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->bytes, '\n', rest->len);
	size_t len;

	if (end == NULL || end == rest->bytes || end[-1] != '\r')
		return false;
	len = (size_t)(end - rest->bytes);
	*line = (struct span){rest->bytes, len - 1};
	rest->bytes += len + 1;
	rest->len -= len + 1;
	return true;
}
