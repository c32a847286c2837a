/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nearest word by edits: letters added, dropped, changed, or two neighbours swapped. */
#include "config/suggest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	SUGGEST_LEN_MAX = 48,
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Three rows of the usual table are enough to see a swap. Both lengths <= SUGGEST_LEN_MAX. */
static size_t suggest_distance(struct span a, struct span b)
{
	size_t rows[3][SUGGEST_LEN_MAX + 1] = {0};

	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t changed = a.bytes[i - 1] != b.bytes[j - 1];

			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + changed);
			if (i > 1 && j > 1 && a.bytes[i - 1] == b.bytes[j - 2] &&
			    a.bytes[i - 2] == b.bytes[j - 1])
				row[j] = least(row[j], second[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

void suggestion_init(struct suggestion *suggestion, struct span meant)
{
	*suggestion = (struct suggestion){.meant = meant, .distance = SIZE_MAX};
}

void suggestion_offer(struct suggestion *suggestion, const char *word)
{
	struct span offered = span_of(word);
	size_t distance, allowed = least(suggestion->meant.len, offered.len) / 3 + 1;

	if (suggestion->meant.len > SUGGEST_LEN_MAX || offered.len > SUGGEST_LEN_MAX)
		return;
	distance = suggest_distance(suggestion->meant, offered);
	if (distance > least(allowed, 3) || distance >= suggestion->distance)
		return;
	suggestion->best = word;
	suggestion->distance = distance;
}

const char *suggestion_hint(const struct suggestion *suggestion, char text[96])
{
	if (suggestion->best == NULL)
		return NULL;
	snprintf(text, 96, "did you mean '%.48s'?", suggestion->best);
	return text;
}
