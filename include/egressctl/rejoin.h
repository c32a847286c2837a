/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two ways to have containers that were left behind started again: once, and for ever. */
#ifndef EGRESSCTL_REJOIN_H
#define EGRESSCTL_REJOIN_H

#include <stdbool.h>

#include "engine/rejoin.h"

struct invocation;

enum {
	REJOIN_CURE_SIZE = 192,
};

struct rejoin {
	struct engine engine;
	char project[ENGINE_NAME_SIZE]; /* "": that of the container this runs in, once it is known
					 */
};

/* Who was left behind now; learns the project before. ENGINE_OK or ENGINE_FAILED. */
MUST_CHECK enum engine_result rejoin_find(struct rejoin *rejoin, struct rejoin_list *list);

/* The command that makes an orphan anew. Returns out. */
const char *rejoin_cure(const struct rejoin_case *orphan, char out[REJOIN_CURE_SIZE]);

/* Does not come back but with an exit code: the engine could not be asked for minutes. */
int rejoin_watch(struct rejoin *rejoin, bool json);

#endif
