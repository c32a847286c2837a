/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes that belong to somebody else, with their length: what a parser hands out. Never
 * NUL-terminated. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *bytes;
	size_t len;
};

struct span span_of(const char *string);
bool span_equals(struct span span, const char *string);

/* ASCII letters compare without case. */
bool span_equals_nocase(struct span span, const char *string);

#endif
