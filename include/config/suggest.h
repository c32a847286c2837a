/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guesses which word was meant. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include "base/span.h"

struct suggestion {
	struct span meant;
	const char *best; /* NULL: nothing is near enough */
	size_t distance;
};

void suggestion_init(struct suggestion *suggestion, struct span meant);
void suggestion_offer(struct suggestion *suggestion, const char *word);

/* "did you mean 'x'?", or NULL when nothing is near. Returns text. */
const char *suggestion_hint(const struct suggestion *suggestion, char text[96]);

#endif
