/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question in HTTP over a Unix socket: blocking, with an end in time and in size. */
#ifndef CONTROL_UNIX_HTTP_H
#define CONTROL_UNIX_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/compiler.h"

struct unix_http_request {
	const char *socket_path;
	const char *method;
	const char *path; /* with its query; escaped by the caller */
	const char *body; /* JSON; NULL: none */
	size_t answer_max;
	long timeout_ms;
	bool until_first; /* the first bytes of an answer without end are the end of it */
};

enum unix_http_outcome {
	UNIX_HTTP_ANSWERED,
	UNIX_HTTP_FORBIDDEN, /* the socket may not be opened */
	UNIX_HTTP_NOBODY,    /* there is none, or nobody listens */
	UNIX_HTTP_LATE,
	UNIX_HTTP_TOO_MUCH,
	UNIX_HTTP_ODD, /* what came is not HTTP */
	UNIX_HTTP_NO_MEMORY,
};

struct unix_http_answer {
	int status; /* HTTP's */
	struct buffer body;
};

/* *answer is the caller's to clear, whatever the outcome. */
MUST_CHECK enum unix_http_outcome unix_http_ask(const struct unix_http_request *request,
						struct unix_http_answer *answer);

/* The body, "" when there is none; not ended by a NUL. */
const char *unix_http_text(const struct unix_http_answer *answer);
void unix_http_answer_clear(struct unix_http_answer *answer);

#endif
