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
	if (strlen(string) != span.len)
		return false;
	/* No bytes at all may be NULL, which memcmp() may not be given. */
	return span.len == 0 || memcmp(span.bytes, string, span.len) == 0;
}

bool span_rest_equals_nocase(struct span span, const char *string)
{
	if (strlen(string) != span.len)
		return false;
	/* The programs never call setlocale(), so this is ASCII. */
	return span.len == 0 || strncasecmp(span.bytes, string, span.len) == 0;
}
