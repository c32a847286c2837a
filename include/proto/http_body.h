/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a message's body ends, found while the bytes stream by (RFC 9112 6 and 7). Pure, constant
 * memory. A chunked body that passed can be forwarded as it came: nothing in it can be read in two
 * ways (no bare LF, no odd sizes or blanks behind them, extensions and trailers checked, no field
 * in the trailers that frames, routes, authenticates or tells of the client).
 */
#ifndef PROTO_HTTP_BODY_H
#define PROTO_HTTP_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "proto/http_head.h"

struct http_body {
	enum http_framing framing;
	uint64_t remaining; /* of the body, or of the chunk */
	uint8_t state;
	uint8_t digits;      /* of the chunk size so far */
	uint32_t line_bytes; /* of extensions or trailers so far: bounded */
	uint8_t name_len;    /* of the trailer's or extension's name so far */
	char name[24];
};

enum http_body_event {
	HTTP_BODY_MORE,    /* all bytes are used; the body goes on */
	HTTP_BODY_CONTENT, /* the next *used bytes are content */
	HTTP_BODY_SYNTAX,  /* the next *used bytes are chunk framing or trailers */
	HTTP_BODY_DONE,    /* the body has ended; what follows is another message */
	HTTP_BODY_BAD,
};

void http_body_init(struct http_body *body, const struct http_head *head);

/* What the next bytes are. *used > 0 only with CONTENT and SYNTAX. Call until MORE, DONE or BAD. */
enum http_body_event http_body_next(struct http_body *body, const char *bytes, size_t len,
				    size_t *used);

/* How many of the next bytes are content whatever they are: http_body_next does not look at those,
 * so they need not be in memory. UINT64_MAX: all until the end. */
uint64_t http_body_content_left(const struct http_body *body);

/* The sender's end came. True when the body is complete then (until-close, or already done). */
bool http_body_end(const struct http_body *body);

#endif
