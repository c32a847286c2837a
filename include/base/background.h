/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long work that must hold nobody up: in a thread of its own, for which nobody waits. Any thread.
 */
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

#include "base/compiler.h"

/* Of the processors' time, sched(7). */
enum background_share {
	BACKGROUND_IDLE, /* what nobody else wants (SCHED_IDLE): on a busy machine, next to none */
	BACKGROUND_ORDINARY, /* like everybody's */
};

/* Calls run(arg) there, once; the process may end before it returns. -1 + errno: it is not called.
 */
MUST_CHECK int background_start(enum background_share share, void (*run)(void *arg), void *arg);

#endif
