/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Docker engine, asked over its Unix socket: blocking, and never without an end. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdint.h>

#include "base/compiler.h"
#include "engine/container.h"

enum {
	ENGINE_PROBLEM_SIZE = 768,
};

/* Filled with its socket by the caller. */
struct engine {
	const char *socket_path;           /* borrowed */
	char problem[ENGINE_PROBLEM_SIZE]; /* of what failed last: one sentence */
};

enum engine_result {
	ENGINE_OK,
	ENGINE_ABSENT,  /* it knows no such container */
	ENGINE_REFUSED, /* it could not, and problem has its own words */
	ENGINE_FAILED,  /* it cannot be asked, or not be understood */
};

/* name: a plain one, or an id. */
MUST_CHECK enum engine_result engine_inspect(struct engine *engine, const char *name,
					     struct engine_container *container);

/* Of a Compose project, by a plain name. */
MUST_CHECK enum engine_result engine_list(struct engine *engine, const char *project,
					  struct engine_list *list);

/* ENGINE_OK also when it runs already. */
MUST_CHECK enum engine_result engine_start(struct engine *engine, const char *id);

/* Waits until a container was started after that moment, or for that long. ENGINE_FAILED: it did
 * not wait. */
MUST_CHECK enum engine_result engine_await_start(struct engine *engine, int64_t since_wall_ms,
						 long timeout_ms);

#endif
