/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Totals by the name of the egress. */
#include "egressd/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct egress_totals *totals_find(struct totals *totals, const char *egress)
{
	struct egress_totals *found;

	SLIST_FOREACH(found, totals, link)
	{
		if (strcmp(found->name, egress) == 0)
			return found;
	}
	found = calloc(1, sizeof(*found));
	if (found == NULL)
		return NULL;
	snprintf(found->name, sizeof(found->name), "%s", egress);
	SLIST_INSERT_HEAD(totals, found, link);
	return found;
}

void totals_clear(struct totals *totals)
{
	struct egress_totals *first;

	while ((first = SLIST_FIRST(totals)) != NULL) {
		SLIST_REMOVE_HEAD(totals, link);
		free(first);
	}
}
