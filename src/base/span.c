/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing borrowed bytes. */
#include "base/span.h"

#include <string.h>
#include <strings.h>

/* What differs does so in its first bytes, mostly: no length is asked for before that. A NUL of the
 * string's is its end, so a NUL in the span equals nothing. */
bool span_equals(struct span span, const char *string)
{
	for (size_t i = 0; i < span.len; i++) {
		if (string[i] == '\0' || string[i] != span.bytes[i])
			return false;
	}
	return string[span.len] == '\0';
}

bool span_same(struct span a, struct span b)
{
	/* No bytes at all may be NULL. */
	return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

bool span_rest_equals_nocase(struct span span, const char *string)
{
	if (strlen(string) != span.len)
		return false;
	/* The programs never call setlocale(), so this is ASCII. No bytes at all may be NULL. */
	return span.len == 0 || strncasecmp(span.bytes, string, span.len) == 0;
}
