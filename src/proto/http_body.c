/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Follows a body to its end without keeping any of it. */
#include "proto/http_body.h"

#include <string.h>

#include "base/compiler.h"
#include "http_bytes.h"

enum {
	HTTP_CHUNK_DIGITS_MAX = 15, /* 60 bits: no sum of ours can overflow */
	HTTP_EXTENSIONS_MAX = 1024, /* bytes in one chunk's line */
	HTTP_TRAILERS_MAX = 8192,
};

/* Where in a chunked body (RFC 9112 7.1) the next byte stands. */
enum http_body_state {
	BODY_SIZE,
	BODY_EXTENSION_NAME,
	BODY_EXTENSION_VALUE,
	BODY_EXTENSION_TOKEN,
	BODY_EXTENSION_QUOTED,
	BODY_EXTENSION_ESCAPED,
	BODY_EXTENSION_END,
	BODY_SIZE_LF,
	BODY_CONTENT,
	BODY_CONTENT_CR,
	BODY_CONTENT_LF,
	BODY_TRAILER_START,
	BODY_TRAILER_NAME,
	BODY_TRAILER_VALUE,
	BODY_TRAILER_LF,
	BODY_LAST_LF,
	BODY_END,
	BODY_BROKEN,
};

void http_body_init(struct http_body *body, const struct http_head *head)
{
	memset(body, 0, sizeof(*body));
	body->framing = head->framing;
	if (head->framing == HTTP_BODY_LENGTH)
		body->remaining = head->content_length;
}

static int http_hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/*
 * RFC 9110 6.5.1: what frames, routes, authenticates or describes the content is worth nothing
 * behind it, and a reader that merges trailers into the head would obey it. The fields that tell of
 * the client are here because a chunked body is passed on as it came.
 */
static bool http_trailer_is_forbidden(struct span name)
{
	static const char *const names[] = {
		"Authorization",
		"Cache-Control",
		"Client-IP",
		"Connection",
		"Content-Encoding",
		"Content-Length",
		"Content-Range",
		"Content-Type",
		"Cookie",
		"Expect",
		"Forwarded",
		"Host",
		"HTTP2-Settings",
		"Keep-Alive",
		"Location",
		"Max-Forwards",
		"Proxy-Authenticate",
		"Proxy-Authorization",
		"Proxy-Connection",
		"Range",
		"Set-Cookie",
		"TE",
		"Trailer",
		"Transfer-Encoding",
		"True-Client-IP",
		"Upgrade",
		"Via",
		"WWW-Authenticate",
		"X-Client-IP",
		"X-Cluster-Client-IP",
		"X-Forwarded-By",
		"X-Forwarded-For",
		"X-Forwarded-Host",
		"X-Forwarded-Port",
		"X-Forwarded-Proto",
		"X-Forwarded-Server",
		"X-Real-IP",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (span_equals_nocase(name, names[i]))
			return true;
	}
	return false;
}

static enum http_body_state http_body_on_size(struct http_body *body, char byte)
{
	int digit = http_hex_digit(byte);

	if (digit >= 0) {
		if (body->digits == HTTP_CHUNK_DIGITS_MAX)
			return BODY_BROKEN;
		body->digits++;
		body->remaining = body->remaining << 4 | (uint64_t)digit;
		return BODY_SIZE;
	}
	if (body->digits == 0)
		return BODY_BROKEN;
	body->line_bytes = 0;
	body->name_len = 0;
	if (byte == '\r')
		return BODY_SIZE_LF;
	/* The blanks that RFC 9112 calls bad are refused: they cannot be taken out of what is
	 * passed on as it came. */
	return byte == ';' ? BODY_EXTENSION_NAME : BODY_BROKEN;
}

static enum http_body_state http_body_after_extension(struct http_body *body, char byte)
{
	body->name_len = 0;
	if (byte == ';')
		return BODY_EXTENSION_NAME;
	return byte == '\r' ? BODY_SIZE_LF : BODY_BROKEN;
}

/* name_len only says whether the token has begun. */
static enum http_body_state http_body_on_token(struct http_body *body, char byte,
					       enum http_body_state same)
{
	if (http_is_token_byte(byte)) {
		body->name_len = 1;
		return same;
	}
	if (body->name_len == 0)
		return BODY_BROKEN;
	if (byte == '=' && same == BODY_EXTENSION_NAME) {
		body->name_len = 0;
		return BODY_EXTENSION_VALUE;
	}
	return http_body_after_extension(body, byte);
}

static enum http_body_state http_body_on_extension(struct http_body *body, char byte)
{
	if (++body->line_bytes > HTTP_EXTENSIONS_MAX)
		return BODY_BROKEN;
	switch (body->state) {
	case BODY_EXTENSION_NAME:
		return http_body_on_token(body, byte, BODY_EXTENSION_NAME);
	case BODY_EXTENSION_VALUE:
		if (byte == '"')
			return BODY_EXTENSION_QUOTED;
		return http_body_on_token(body, byte, BODY_EXTENSION_TOKEN);
	case BODY_EXTENSION_TOKEN:
		return http_body_on_token(body, byte, BODY_EXTENSION_TOKEN);
	case BODY_EXTENSION_QUOTED:
		if (byte == '"')
			return BODY_EXTENSION_END;
		if (byte == '\\')
			return BODY_EXTENSION_ESCAPED;
		return http_is_text_byte(byte) ? BODY_EXTENSION_QUOTED : BODY_BROKEN;
	case BODY_EXTENSION_ESCAPED:
		return http_is_text_byte(byte) ? BODY_EXTENSION_QUOTED : BODY_BROKEN;
	default:
		return http_body_after_extension(body, byte);
	}
}

static enum http_body_state http_body_on_trailer(struct http_body *body, char byte)
{
	if (++body->line_bytes > HTTP_TRAILERS_MAX)
		return BODY_BROKEN;
	if (body->state == BODY_TRAILER_LF)
		return byte == '\n' ? BODY_TRAILER_START : BODY_BROKEN;
	if (body->state == BODY_TRAILER_VALUE) {
		if (byte == '\r')
			return BODY_TRAILER_LF;
		return http_is_text_byte(byte) ? BODY_TRAILER_VALUE : BODY_BROKEN;
	}
	if (body->state == BODY_TRAILER_START) {
		if (byte == '\r')
			return BODY_LAST_LF;
		body->name_len = 0;
	} else if (byte == ':') {
		/* A name that did not fit the buffer is longer than all the forbidden ones. */
		struct span name = {body->name, body->name_len};

		return http_trailer_is_forbidden(name) ? BODY_BROKEN : BODY_TRAILER_VALUE;
	}
	if (!http_is_token_byte(byte))
		return BODY_BROKEN;
	if (body->name_len < sizeof(body->name))
		body->name[body->name_len++] = byte;
	return BODY_TRAILER_NAME;
}

static enum http_body_state http_body_after_size(struct http_body *body, char byte)
{
	bool is_last = body->remaining == 0;

	body->digits = 0;
	body->line_bytes = 0;
	if (byte != '\n')
		return BODY_BROKEN;
	return is_last ? BODY_TRAILER_START : BODY_CONTENT;
}

static enum http_body_state http_body_on_byte(struct http_body *body, char byte)
{
	switch (body->state) {
	case BODY_SIZE:
		return http_body_on_size(body, byte);
	case BODY_SIZE_LF:
		return http_body_after_size(body, byte);
	case BODY_CONTENT_CR:
		return byte == '\r' ? BODY_CONTENT_LF : BODY_BROKEN;
	case BODY_CONTENT_LF:
		return byte == '\n' ? BODY_SIZE : BODY_BROKEN;
	case BODY_TRAILER_START:
	case BODY_TRAILER_NAME:
	case BODY_TRAILER_VALUE:
	case BODY_TRAILER_LF:
		return http_body_on_trailer(body, byte);
	case BODY_LAST_LF:
		return byte == '\n' ? BODY_END : BODY_BROKEN;
	default:
		return http_body_on_extension(body, byte);
	}
}

static enum http_body_event http_body_take_content(struct http_body *body, size_t len, size_t *used)
{
	if (body->remaining == 0)
		return HTTP_BODY_DONE;
	if (len == 0)
		return HTTP_BODY_MORE;
	*used = len < body->remaining ? len : (size_t)body->remaining;
	body->remaining -= *used;
	return HTTP_BODY_CONTENT;
}

static enum http_body_event http_body_next_chunked(struct http_body *body, const char *bytes,
						   size_t len, size_t *used)
{
	size_t at = 0;

	if (body->state == BODY_CONTENT) {
		enum http_body_event event = http_body_take_content(body, len, used);

		if (body->remaining == 0)
			body->state = BODY_CONTENT_CR;
		return event;
	}
	while (at < len && body->state != BODY_CONTENT && body->state != BODY_END &&
	       body->state != BODY_BROKEN)
		body->state = (uint8_t)http_body_on_byte(body, bytes[at++]);
	if (body->state == BODY_BROKEN)
		return HTTP_BODY_BAD;
	*used = at;
	if (at > 0)
		return HTTP_BODY_SYNTAX;
	return body->state == BODY_END ? HTTP_BODY_DONE : HTTP_BODY_MORE;
}

enum http_body_event http_body_next(struct http_body *body, const char *bytes, size_t len,
				    size_t *used)
{
	*used = 0;
	switch (body->framing) {
	case HTTP_BODY_LENGTH:
		return http_body_take_content(body, len, used);
	case HTTP_BODY_CHUNKED:
		return http_body_next_chunked(body, bytes, len, used);
	case HTTP_BODY_UNTIL_CLOSE:
		*used = len;
		return len == 0 ? HTTP_BODY_MORE : HTTP_BODY_CONTENT;
	default:
		return HTTP_BODY_DONE;
	}
}

uint64_t http_body_content_left(const struct http_body *body)
{
	if (body->framing == HTTP_BODY_UNTIL_CLOSE)
		return UINT64_MAX;
	if (body->framing == HTTP_BODY_LENGTH || body->state == BODY_CONTENT)
		return body->remaining;
	return 0;
}

bool http_body_end(const struct http_body *body)
{
	if (body->framing == HTTP_BODY_LENGTH)
		return body->remaining == 0;
	return body->framing != HTTP_BODY_CHUNKED || body->state == BODY_END;
}
