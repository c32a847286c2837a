/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long work that must hold nobody up: in a thread of its own, for which nobody waits. Any thread.
 */
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

#include <stddef.h>

#include "base/compiler.h"

/* Of the processors' time, sched(7). */
enum background_share {
	BACKGROUND_IDLE, /* what nobody else wants (SCHED_IDLE): on a busy machine, next to none */
	BACKGROUND_ORDINARY, /* like everybody's */
};

/* Calls run(arg) there, once; the process may end before it returns. -1 + errno: it is not called.
 */
MUST_CHECK int background_start(enum background_share share, void (*run)(void *arg), void *arg);

enum {
	BACKGROUND_STRETCH_US = 200,
	BACKGROUND_REST_US = 100, /* at least; the kernel's timers add their slack */
};

/*
 * What takes long says this now and then, after some 10 us of work: it looks at the clock. In a
 * thread of BACKGROUND_IDLE that has worked for BACKGROUND_STRETCH_US it sleeps for
 * BACKGROUND_REST_US: SCHED_IDLE gives way at once only within a group of processes, and a
 * container or a session is one of its own; who wakes up in another waits for the end of a turn,
 * which takes milliseconds. In every other thread it does nothing. Any thread.
 */
void background_rest(void);

/*
 * Before free or munmap of what may be megabytes: gives the pages that lie wholly in there back to
 * the system, piece by piece and with rests, where at once it would take the processor for
 * milliseconds. What was there is lost. For memory of malloc and private mappings. Any thread; does
 * nothing where background_rest does nothing.
 */
void background_discard(const void *bytes, size_t size);

#endif
