/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes that belong to somebody else, with their length: what a parser hands out. Never
 * NUL-terminated. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *bytes;
	size_t len;
};

static inline struct span span_of(const char *string)
{
	return (struct span){string, strlen(string)};
}

bool span_equals(struct span span, const char *string);

/* The same bytes? */
bool span_same(struct span a, struct span b);

bool span_rest_equals_nocase(struct span span, const char *string);

/* ASCII letters compare without case. */
static inline bool span_equals_nocase(struct span span, const char *string)
{
	/* Most of the fields in a head are not the one sought: their first letter tells, and that
	 * must not cost a call. */
	if (span.len > 0 && ((span.bytes[0] ^ string[0]) & ~0x20) != 0)
		return false;
	return span_rest_equals_nocase(span, string);
}

#endif
