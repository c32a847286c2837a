/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The smallest pieces of HTTP's grammar (RFC 9110 5.6). Private to this layer. */
#ifndef PROTO_HTTP_BYTES_H
#define PROTO_HTTP_BYTES_H

#include <stdbool.h>

#include "base/span.h"

extern const bool http_token_bytes[256];

/* Inline, like the next: every byte of every head is asked about. */
static inline bool http_is_token_byte(char byte)
{
	return http_token_bytes[(unsigned char)byte];
}

bool http_is_token(struct span span);

/* Blanks, visible ASCII and bytes outside ASCII: what a field value or a reason is made of. */
static inline bool http_is_text_byte(char byte)
{
	unsigned char value = (unsigned char)byte;

	return (value >= ' ' && value != 0x7f) || value == '\t';
}

/* The first byte from there on that is none of those, or limit. */
size_t http_skip_text(const char *bytes, size_t from, size_t limit);

bool http_is_text(struct span span);

/* Without the blanks around it. */
struct span http_trim(struct span span);

/* Takes the next member that is not empty off a comma-separated list without quoted strings. */
bool http_list_next(struct span *rest, struct span *member);
bool http_list_contains(struct span list, const char *member);

/* Takes a line off rest, its CRLF too. false: there is none, or it ends in a bare LF. */
bool http_take_line(struct span *rest, struct span *line);

#endif
