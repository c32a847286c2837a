/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/1.x message heads (RFC 9112, RFC 9110), strict: what could be read in two ways is bad. Pure.
 * Spans point into the caller's bytes.
 */
#ifndef PROTO_HTTP_HEAD_H
#define PROTO_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "base/span.h"
#include "proto/http_name.h"
#include "proto/parse.h"

enum {
	HTTP_HEAD_MAX = 32 * 1024, /* bytes of a whole head */
	HTTP_FIELDS_MAX = 128,
};

struct http_field {
	struct span name, value; /* value without the blanks around it */
	enum http_name is;       /* what name says */
};

enum http_framing {
	HTTP_BODY_NONE,
	HTTP_BODY_LENGTH,
	HTTP_BODY_CHUNKED,
	HTTP_BODY_UNTIL_CLOSE, /* responses only */
};

/* Fields shared by both kinds of head. */
struct http_head {
	uint8_t minor_version; /* 0 or 1 */
	uint32_t names;        /* 1 << name for each of the fields */
	size_t field_count;
	enum http_framing framing;
	uint64_t content_length;                   /* with HTTP_BODY_LENGTH */
	bool keep_alive;                           /* the sender means to go on (RFC 9112 9.3) */
	bool upgrade;                              /* Upgrade, and named in Connection */
	struct span upgrade_to;                    /* the Upgrade value when upgrade is true */
	size_t len;                                /* bytes of the head, the empty line included */
	struct http_field fields[HTTP_FIELDS_MAX]; /* last: only field_count of them are filled */
};

struct http_request {
	struct span method;
	bool is_connect, is_head;
	bool is_origin_form;   /* "/path": somebody takes us for an origin; no host is given */
	struct span authority; /* of the target; len 0 in origin-form */
	struct host host;      /* from there, not from Host */
	uint16_t port;
	struct span path; /* what to ask the origin for: "/path?query"; "*" for OPTIONS; "/" is to
			     be thought before "" and "?query" */
	bool expects_continue;           /* Expect: 100-continue on HTTP/1.1 */
	struct span proxy_authorization; /* value; len 0 when there is none */
	struct http_head head;
};

struct http_response {
	uint16_t status; /* 100-599 */
	struct span reason;
	struct http_head head;
};

/*
 * Is there a whole head at the start of bytes? Stops at the empty line. *scanned is kept between
 * calls with more bytes (start with 0), so that slow senders cost no more than fast ones. DONE,
 * MORE, or BAD as soon as the bytes can be no head: a bare CR or LF, a control character, another
 * first byte than a method's. One empty line before is part of the head (RFC 9112 2.2; responses
 * must have none). BAD is answered with 431 when *scanned is HTTP_HEAD_MAX, else with 400.
 */
enum parse_result http_head_find_end(const char *bytes, size_t len, size_t *scanned,
				     size_t *head_len);

/*
 * Parses one whole request head (head_len bytes from http_head_find_end). false: *status is the
 * status to answer with (400, 414, 417, 431, 501, 505) and *problem one plain sentence (static).
 * Refused: no, several or a malformed Host, userinfo, fragments, https targets other
 * than CONNECT, CL with TE, differing or odd CL, TE other than exactly one final chunked, chunked
 * in HTTP/1.0, obs-fold, bare CR or LF, NUL, blanks before the colon, bytes outside VCHAR where not
 * allowed, ports not strictly 1-65535, TRACE, a CONNECT with a body, raw bytes outside ASCII in the
 * target, Connection naming Host or a content field. "ws" is read as "http" when the request
 * upgrades to websocket. is_origin_form is true for "OPTIONS *" as well.
 */
bool http_parse_request(const char *bytes, size_t head_len, struct http_request *request,
			int *status, const char **problem);

/*
 * Parses one whole response head to a request that was_head or not. false: *problem says what is
 * wrong (static); the origin is to be dropped with 502. Framing follows RFC 9112 6.3; what is
 * wrong in a request's framing is wrong here too. After a CONNECT, 2xx has no body whatever the
 * framing says, and whether a 101 was asked for is the caller's to know.
 */
bool http_parse_response(const char *bytes, size_t head_len, bool was_head,
			 struct http_response *response, const char **problem);

/* Is there any field of that name? */
static inline bool http_head_has(const struct http_head *head, enum http_name name)
{
	return (head->names >> name & 1) != 0;
}

/* The first field of that name; NULL when there is none. */
const struct http_field *http_find_field(const struct http_head *head, enum http_name name);

#endif
