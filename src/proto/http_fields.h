/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields of a head and what they say of its framing. Private to this layer. */
#ifndef PROTO_HTTP_FIELDS_H
#define PROTO_HTTP_FIELDS_H

#include <stdbool.h>

#include "base/span.h"
#include "proto/http_head.h"

/* Why a head was refused. */
struct http_problem {
	int status;       /* to answer a request with; 502 stands for every bad response */
	const char *text; /* static */
};

/* Always false, for "return http_refuse(...)". */
bool http_refuse(struct http_problem *problem, int status, const char *text);

/* "HTTP/1.0" or "HTTP/1.1"; false with 505 for another version, with 400 for none at all. */
bool http_parse_version(struct span text, uint8_t *minor_version, struct http_problem *problem);

/* Every line up to and including the empty one, which must be the end of rest. */
bool http_parse_fields(struct span rest, struct http_head *head, struct http_problem *problem);

/*
 * Reads Content-Length, Transfer-Encoding, Connection and Upgrade into the head: framing is
 * HTTP_BODY_NONE without the first two, whatever kind of head it is.
 */
bool http_judge_fields(struct http_head *head, struct http_problem *problem);

/* The one field of that name. *field is NULL when there is none; false when there are several. */
bool http_find_only(const struct http_head *head, enum http_name name,
		    const struct http_field **field);

#endif
