/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing borrowed bytes. */
#include "base/span.h"

#include <string.h>
#include <strings.h>

struct span span_of(const char *string)
{
	return (struct span){string, strlen(string)};
}

bool span_equals(struct span span, const char *string)
{
	return strlen(string) == span.len && (span.len == 0 || memcmp(span.bytes, string, span.len) == 0);
}

bool span_equals_nocase(struct span span, const char *string)
{
	/* The programs never call setlocale(), so this is ASCII. */
	return strlen(string) == span.len && (span.len == 0 || strncasecmp(span.bytes, string, span.len) == 0);
}
