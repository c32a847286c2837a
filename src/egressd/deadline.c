/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ordered lists of deadlines. */
#include "egressd/deadline.h"

#include <stddef.h>

void deadline_list_init(struct deadline_list *list, void (*expired)(struct deadline *deadline))
{
	TAILQ_INIT(&list->queue);
	list->expired = expired;
}

void deadline_set(struct deadline *deadline, struct deadline_list *list, int64_t at_ms)
{
	struct deadline *before;

	deadline_clear(deadline);
	deadline->list = list;
	deadline->at_ms = at_ms;
	/* Nearly always the last: all of a list get the same time, but a reload may have changed
	 * it. */
	TAILQ_FOREACH_REVERSE(before, &list->queue, deadline_queue, link)
	{
		if (before->at_ms <= at_ms) {
			TAILQ_INSERT_AFTER(&list->queue, before, deadline, link);
			return;
		}
	}
	TAILQ_INSERT_HEAD(&list->queue, deadline, link);
}

void deadline_clear(struct deadline *deadline)
{
	if (deadline->list != NULL)
		TAILQ_REMOVE(&deadline->list->queue, deadline, link);
	deadline->list = NULL;
}

void deadline_list_check(struct deadline_list *list, int64_t now_ms)
{
	struct deadline *first;

	while ((first = TAILQ_FIRST(&list->queue)) != NULL && first->at_ms <= now_ms) {
		deadline_clear(first);
		list->expired(first);
	}
}
