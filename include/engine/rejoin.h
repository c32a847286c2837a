/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Containers that were left behind: they share the network of another (network_mode: service:X or
 * container:X), which did not run when the engine tried to start them, and it does not try again.
 */
#ifndef ENGINE_REJOIN_H
#define ENGINE_REJOIN_H

#include <stddef.h>

#include "base/compiler.h"
#include "engine/engine.h"

enum rejoin_verdict {
	REJOIN_NOTHING,  /* it is as somebody wants it, or not ours */
	REJOIN_LEFT,     /* behind: the other one runs, and starting it is the cure */
	REJOIN_WAITS,    /* for the other one, which does not run */
	REJOIN_ORPHANED, /* the other one is gone: it has to be made anew */
};

struct rejoin_case {
	struct engine_container container;
	char owner[ENGINE_NAME_SIZE]; /* its name; its id when it is gone */
	enum rejoin_verdict verdict;
};

struct rejoin_list {
	size_t count;
	struct rejoin_case cases[ENGINE_LIST_MAX];
};

/* owner: NULL when the engine knows it no more. Pure. */
enum rejoin_verdict rejoin_judge(const struct engine_container *container, const char *project,
				 const struct engine_container *owner);

/* All of the project that are not REJOIN_NOTHING. ENGINE_OK, or ENGINE_FAILED with its problem. */
MUST_CHECK enum engine_result rejoin_look(struct engine *engine, const char *project,
					  struct rejoin_list *list);

/* The Compose project of the container that this process runs in, told by its host name. */
MUST_CHECK enum engine_result rejoin_own_project(struct engine *engine, const char *host_name,
						 char project[ENGINE_NAME_SIZE]);

#endif
