/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The other side of the control API: one blocking call (libcurl over the Unix socket). */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include <jansson.h>

#include "base/compiler.h"

struct control_answer {
	int status;        /* HTTP's; 0: the daemon could not be reached */
	json_t *body;      /* NULL when it is not JSON */
	char problem[256]; /* with status 0: one sentence that says what to do */
};

/* body is borrowed and may be NULL. 0, or -1 with answer->problem set. */
MUST_CHECK int control_call(const char *socket_path, const char *method, const char *path,
			    const json_t *body, struct control_answer *answer);
void control_answer_clear(struct control_answer *answer);

#endif
