/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timeouts by the thousand without a timer each: lists in the order of their ends, looked at once a
 * second. */
#ifndef EGRESSD_DEADLINE_H
#define EGRESSD_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct deadline_list;

/* Embedded in what can be late. Zeroed is not set. */
struct deadline {
	struct deadline_list *list; /* NULL: not set */
	int64_t at_ms;              /* clock_monotonic_ms() */
	TAILQ_ENTRY(deadline) link;
};

/* Deadlines of one kind, which all get about the same time; the earliest is first. */
struct deadline_list {
	TAILQ_HEAD(deadline_queue, deadline) queue;
	void (*expired)(struct deadline *deadline);
};

void deadline_list_init(struct deadline_list *list, void (*expired)(struct deadline *deadline));

/* Sets it, or sets it anew, on this list. */
void deadline_set(struct deadline *deadline, struct deadline_list *list, int64_t at_ms);

/* Safe when it is not set. */
void deadline_clear(struct deadline *deadline);

/* Clears each that is due and calls expired for it. */
void deadline_list_check(struct deadline_list *list, int64_t now_ms);

#endif
