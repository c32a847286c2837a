/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing arrays. */
#include "base/array.h"

#include <stdlib.h>
#include <string.h>

void *array_more(void *items, size_t count, size_t size)
{
	char *grown = items;

	/* The room is a power of two: full exactly when the count is one. */
	if ((count & (count - 1)) == 0)
		grown = reallocarray(items, count == 0 ? 1 : count * 2, size);
	if (grown != NULL)
		memset(grown + count * size, 0, size);
	return grown;
}
