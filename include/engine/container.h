/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Docker engine says of a container, as far as it matters here. Pure: bytes in, struct
 * out; every text is plain ASCII without control characters, whatever the engine said. */
#ifndef ENGINE_CONTAINER_H
#define ENGINE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

enum {
	ENGINE_ID_SIZE = 65, /* 64 hexadecimal digits */
	ENGINE_NAME_SIZE = 129,
	ENGINE_ERROR_SIZE = 512,
	ENGINE_LIST_MAX = 64,
};

struct engine_container {
	char id[ENGINE_ID_SIZE];
	char name[ENGINE_NAME_SIZE];
	char owner[ENGINE_NAME_SIZE]; /* id or name of whose network it joins; "": of nobody's */
	char project[ENGINE_NAME_SIZE], service[ENGINE_NAME_SIZE]; /* Compose's; "": none */
	char error[ENGINE_ERROR_SIZE]; /* why the engine's last attempt to start it failed; "": it
					  did not */
	bool running;                  /* not paused, and not waiting to be started again */
	bool ended;                    /* or never begun; the engine has no plans with it */
	bool restarts;                 /* its restart policy is that the engine starts it */
};

/* Those of a list that have ended and join somebody's network. */
struct engine_list {
	size_t count;
	char ids[ENGINE_LIST_MAX][ENGINE_ID_SIZE]; /* what is more has to wait for its turn */
};

/* GET /containers/ID/json. False: that is none, and *container is empty. */
MUST_CHECK bool engine_read_container(const char *bytes, size_t len,
				      struct engine_container *container);

/* GET /containers/json. */
MUST_CHECK bool engine_read_list(const char *bytes, size_t len, struct engine_list *list);

/* {"message": "..."}; "" when there is none. */
void engine_read_message(const char *bytes, size_t len, char message[ENGINE_ERROR_SIZE]);

/* May it stand in a path of the engine's API as it is? */
bool engine_name_is_plain(const char *name);

#endif
