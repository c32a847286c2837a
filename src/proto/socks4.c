/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SOCKS4 and its extension 4a, which sends the name behind the address 0.0.0.x. */
#include "proto/socks.h"

#include <string.h>

enum {
	SOCKS4_VERSION = 4,
	SOCKS4_FIXED_LEN = 8,
	SOCKS4_TEXT_MAX = 255, /* the user id's and the name's; the note itself sets no bound */
};

/* A string and its NUL. Nothing in it can be a NUL, so nothing is cut. */
static enum parse_result socks4_take_string(const uint8_t *bytes, size_t len, size_t *used,
					    struct span *string)
{
	size_t left = len - *used;
	size_t window = left < SOCKS4_TEXT_MAX + 1 ? left : SOCKS4_TEXT_MAX + 1;
	const uint8_t *start = bytes + *used;
	const uint8_t *end = window == 0 ? NULL : memchr(start, '\0', window);

	if (end == NULL)
		return left > SOCKS4_TEXT_MAX ? PARSE_BAD : PARSE_MORE;
	*string = (struct span){(const char *)start, (size_t)(end - start)};
	*used += string->len + 1;
	return PARSE_DONE;
}

static bool socks4_take_address(const uint8_t ip[4], struct host *host)
{
	struct address address = {.family = AF_INET};

	memcpy(address.bytes, ip, 4);
	*host = host_from_address(&address);
	return (ip[0] | ip[1] | ip[2] | ip[3]) != 0;
}

enum parse_result socks4_parse_request(const uint8_t *bytes, size_t len,
				       struct socks_request *request, size_t *used)
{
	size_t at = SOCKS4_FIXED_LEN;
	enum parse_result result;
	bool valid;

	memset(request, 0, sizeof(*request));
	request->refusal = SOCKS4_REJECTED;
	*used = 0;
	if (len > 0 && bytes[0] != SOCKS4_VERSION)
		return PARSE_BAD;
	if (len < SOCKS4_FIXED_LEN)
		return PARSE_MORE;
	result = socks4_take_string(bytes, len, &at, &request->user);
	if (result != PARSE_DONE)
		return result;
	if ((bytes[4] | bytes[5] | bytes[6]) == 0 && bytes[7] != 0) {
		struct span name;

		result = socks4_take_string(bytes, len, &at, &name);
		if (result != PARSE_DONE)
			return result;
		valid = name.len > 0 && name.bytes[0] != '[' &&
			host_parse(name.bytes, name.len, &request->host);
	} else {
		valid = socks4_take_address(bytes + 4, &request->host);
	}
	request->port = (uint16_t)(bytes[2] << 8 | bytes[3]);
	/* Judged last: a refusal sent before the request was read whole could be lost to the RST
	 * that closing with unread bytes causes. */
	if (bytes[1] != SOCKS_CONNECT && bytes[1] != SOCKS_BIND)
		return PARSE_BAD;
	if (!valid || request->port == 0)
		return PARSE_BAD;
	request->command = (enum socks_command)bytes[1];
	request->refusal = 0;
	*used = at;
	return PARSE_DONE;
}

size_t socks4_write_reply(uint8_t out[SOCKS_REPLY_MAX], enum socks4_reply reply,
			  const struct address *bound)
{
	memset(out, 0, SOCKS4_FIXED_LEN);
	out[1] = (uint8_t)reply;
	if (bound != NULL && bound->family == AF_INET) {
		out[2] = (uint8_t)(bound->port >> 8);
		out[3] = (uint8_t)bound->port;
		memcpy(out + 4, bound->bytes, 4);
	}
	return SOCKS4_FIXED_LEN;
}
