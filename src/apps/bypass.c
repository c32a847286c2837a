/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges entries of "Ignored addresses" by their form. */
#include "apps/bypass.h"

#include <string.h>

#include "base/prefix.h"
#include "base/special.h"

static bool character_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool bypass_next(struct span *list, struct span *entry)
{
	while (list->len > 0) {
		const char *comma = memchr(list->bytes, ',', list->len);
		size_t len = comma ? (size_t)(comma - list->bytes) : list->len;

		*entry = (struct span){list->bytes, len};
		list->bytes += len + (comma != NULL);
		list->len -= len + (comma != NULL);
		while (entry->len > 0 && character_is_blank(entry->bytes[0]))
			*entry = (struct span){entry->bytes + 1, entry->len - 1};
		while (entry->len > 0 && character_is_blank(entry->bytes[entry->len - 1]))
			entry->len--;
		if (entry->len > 0)
			return true;
	}
	return false;
}

/* Where the class that begins at i is closed; entry.len: nowhere. Its first character may be a ']'.
 */
static size_t class_end(struct span entry, size_t i)
{
	i++;
	if (i < entry.len && entry.bytes[i] == '^')
		i++;
	for (size_t first = i; i < entry.len; i++) {
		if (entry.bytes[i] == '\\')
			i++;
		else if (entry.bytes[i] == ']' && i > first)
			return i;
	}
	return entry.len;
}

/* Is it closed as it was opened? A '\' takes what follows as it is, and so does a class. */
static bool pattern_is_whole(struct span entry)
{
	size_t depth = 0;

	for (size_t i = 0; i < entry.len; i++) {
		switch (entry.bytes[i]) {
		case '\\':
			if (++i == entry.len)
				return false;
			break;
		case '[':
			i = class_end(entry, i);
			if (i == entry.len)
				return false;
			break;
		case '(':
			depth++;
			break;
		case ')':
			if (depth-- == 0)
				return false;
			break;
		default:
			break;
		}
	}
	/* A star, plus or question mark needs something before it; the leading star is the app's
	 * own case. */
	return depth == 0 && entry.bytes[0] != '+' && entry.bytes[0] != '?';
}

static bool pattern_is_anchored(struct span entry)
{
	size_t len = entry.len;

	return len >= 2 && entry.bytes[0] == '^' && entry.bytes[len - 1] == '$' &&
	       entry.bytes[len - 2] != '\\';
}

/* A plus may only follow "\d": then it is a port's digits. */
static bool plus_is_of_digits(struct span entry, size_t i)
{
	return i >= 2 && entry.bytes[i - 1] == 'd' && entry.bytes[i - 2] == '\\';
}

/* What one expects of a host and its port: letters, digits, escapes of punctuation, "s?",
 * "(:\d+)?". */
static bool pattern_is_plain(struct span entry)
{
	for (size_t i = 1; i + 1 < entry.len; i++) {
		char c = entry.bytes[i];

		if (c == '\\') {
			i++;
			/* \d is a port's digit; \w, \S and their like are anything. */
			if (strchr(".-:/d", entry.bytes[i]) == NULL)
				return false;
		} else if (strchr(".*|[{^$", c) != NULL ||
			   (c == '+' && !plus_is_of_digits(entry, i))) {
			return false;
		}
	}
	return true;
}

enum bypass_verdict bypass_judge(struct span entry)
{
	struct prefix prefix;

	if (entry.len == 0)
		return BYPASS_EXACT;
	/* A bare address is a regular expression too, and 192.168.1.1 is in 192.168.1.10. */
	if (memchr(entry.bytes, '/', entry.len) != NULL &&
	    prefix_parse(entry.bytes, entry.len, &prefix))
		return prefix.bits > 0 && address_is_special(&prefix.address) ? BYPASS_EXACT
									      : BYPASS_PUBLIC;
	if (memchr(entry.bytes, '\0', entry.len) != NULL || !pattern_is_whole(entry))
		return BYPASS_BROKEN;
	if (entry.bytes[0] == '*')
		return BYPASS_WIDE;
	if (!pattern_is_anchored(entry))
		return BYPASS_LOOSE;
	return pattern_is_plain(entry) ? BYPASS_EXACT : BYPASS_WIDE;
}

const char *bypass_reason(enum bypass_verdict verdict)
{
	switch (verdict) {
	case BYPASS_LOOSE:
		return "every address that contains it, whatever stands before and behind";
	case BYPASS_WIDE:
		return "more addresses than it seems to say: a dot, a star or a bar stands for "
		       "much";
	case BYPASS_PUBLIC:
		return "addresses of the Internet";
	case BYPASS_BROKEN:
		return "nothing: it is no regular expression, and every request of the app fails";
	default:
		return "what it says";
	}
}
