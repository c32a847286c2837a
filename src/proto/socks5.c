/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SOCKS5 (RFC 1928) with its login (RFC 1929), both sides. */
#include "proto/socks.h"

#include <assert.h>
#include <string.h>

enum {
	SOCKS5_VERSION = 5,
	SOCKS5_LOGIN_VERSION = 1,
	SOCKS5_METHOD_NONE = 0,
	SOCKS5_METHOD_PASSWORD = 2,
	SOCKS5_TYPE_IPV4 = 1,
	SOCKS5_TYPE_NAME = 3,
	SOCKS5_TYPE_IPV6 = 4,
};

enum parse_result socks5_parse_greeting(const uint8_t *bytes, size_t len,
					struct socks5_greeting *greeting, size_t *used)
{
	memset(greeting, 0, sizeof(*greeting));
	*used = 0;
	if (len > 0 && bytes[0] != SOCKS5_VERSION)
		return PARSE_BAD;
	if (len > 1 && bytes[1] == 0)
		return PARSE_BAD;
	if (len < 2 || len < 2 + (size_t)bytes[1])
		return PARSE_MORE;
	*used = 2 + (size_t)bytes[1];
	greeting->offers_none = memchr(bytes + 2, SOCKS5_METHOD_NONE, bytes[1]) != NULL;
	greeting->offers_password = memchr(bytes + 2, SOCKS5_METHOD_PASSWORD, bytes[1]) != NULL;
	return PARSE_DONE;
}

enum parse_result socks5_parse_login(const uint8_t *bytes, size_t len, struct span *user,
				     struct span *password, size_t *used)
{
	size_t user_len, password_len;

	*used = 0;
	if (len > 0 && bytes[0] != SOCKS5_LOGIN_VERSION)
		return PARSE_BAD;
	if (len > 1 && bytes[1] == 0)
		return PARSE_BAD;
	if (len < 2)
		return PARSE_MORE;
	user_len = bytes[1];
	if (len < 2 + user_len + 1)
		return PARSE_MORE;
	password_len = bytes[2 + user_len];
	if (len < 3 + user_len + password_len)
		return PARSE_MORE;
	*user = (struct span){(const char *)bytes + 2, user_len};
	*password = (struct span){(const char *)bytes + 3 + user_len, password_len};
	*used = 3 + user_len + password_len;
	return PARSE_DONE;
}

/* A type, an address and a port, as requests, replies and datagrams share them. */
struct socks5_endpoint {
	uint8_t type;
	const uint8_t *bytes; /* of the address or name */
	size_t len;
	uint16_t port;
	size_t used;
};

/* BAD: the type is unknown. */
static enum parse_result socks5_take_endpoint(const uint8_t *bytes, size_t len,
					      struct socks5_endpoint *endpoint)
{
	size_t start = 1;

	memset(endpoint, 0, sizeof(*endpoint));
	if (len < 1)
		return PARSE_MORE;
	endpoint->type = bytes[0];
	if (endpoint->type == SOCKS5_TYPE_IPV4) {
		endpoint->len = 4;
	} else if (endpoint->type == SOCKS5_TYPE_IPV6) {
		endpoint->len = 16;
	} else if (endpoint->type == SOCKS5_TYPE_NAME) {
		if (len < 2)
			return PARSE_MORE;
		endpoint->len = bytes[1];
		start = 2;
	} else {
		return PARSE_BAD;
	}
	if (len < start + endpoint->len + 2)
		return PARSE_MORE;
	endpoint->bytes = bytes + start;
	endpoint->used = start + endpoint->len + 2;
	endpoint->port = (uint16_t)(bytes[endpoint->used - 2] << 8 | bytes[endpoint->used - 1]);
	return PARSE_DONE;
}

/* AF_UNSPEC for a name. */
static struct address socks5_address(const struct socks5_endpoint *endpoint)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct address address = {.family = AF_UNSPEC};

	if (endpoint->type == SOCKS5_TYPE_IPV4) {
		memcpy(&in.sin_addr, endpoint->bytes, 4);
		address = address_from_sockaddr((const void *)&in, sizeof(in));
	} else if (endpoint->type == SOCKS5_TYPE_IPV6) {
		memcpy(&in6.sin6_addr, endpoint->bytes, 16);
		address = address_from_sockaddr((const void *)&in6, sizeof(in6));
	}
	address.port = endpoint->port;
	return address;
}

/* A name goes through the same eye as HTTP's hosts: a NUL, or 127.1, is no name. */
static bool socks5_host(const struct socks5_endpoint *endpoint, struct host *host)
{
	struct address address = socks5_address(endpoint);

	if (endpoint->type == SOCKS5_TYPE_NAME)
		return endpoint->len > 0 && endpoint->bytes[0] != '[' &&
		       host_parse((const char *)endpoint->bytes, endpoint->len, host);
	*host = host_from_address(&address);
	return true;
}

/* 0 when the request can be served, else the code to refuse it with. */
static uint8_t socks5_judge(const uint8_t *bytes, const struct socks5_endpoint *endpoint,
			    bool host_is_valid)
{
	if (bytes[1] < SOCKS_CONNECT || bytes[1] > SOCKS_UDP_ASSOCIATE)
		return SOCKS5_COMMAND_NOT_SUPPORTED;
	if (bytes[2] != 0)
		return SOCKS5_GENERAL_FAILURE;
	if (!host_is_valid)
		return SOCKS5_HOST_UNREACHABLE;
	/* The client of an association may not know its own port yet (RFC 1928 6). */
	if (endpoint->port == 0 && bytes[1] != SOCKS_UDP_ASSOCIATE)
		return SOCKS5_GENERAL_FAILURE;
	return 0;
}

enum parse_result socks5_parse_request(const uint8_t *bytes, size_t len,
				       struct socks_request *request, size_t *used)
{
	struct socks5_endpoint endpoint;
	enum parse_result result;
	bool host_is_valid;

	memset(request, 0, sizeof(*request));
	request->refusal = SOCKS5_GENERAL_FAILURE;
	*used = 0;
	if (len > 0 && bytes[0] != SOCKS5_VERSION)
		return PARSE_BAD;
	if (len < 4)
		return PARSE_MORE;
	result = socks5_take_endpoint(bytes + 3, len - 3, &endpoint);
	if (result == PARSE_BAD)
		request->refusal = SOCKS5_ADDRESS_TYPE_NOT_SUPPORTED;
	if (result != PARSE_DONE)
		return result;
	host_is_valid = socks5_host(&endpoint, &request->host);
	request->port = endpoint.port;
	/* Judged when all of it is here: a refusal sent earlier could be lost to the RST that
	 * closing with unread bytes causes. */
	request->refusal = socks5_judge(bytes, &endpoint, host_is_valid);
	if (request->refusal != 0)
		return PARSE_BAD;
	request->command = (enum socks_command)bytes[1];
	*used = 3 + endpoint.used;
	return PARSE_DONE;
}

/* Type, address, port. Nothing known is 0.0.0.0:0. */
static size_t socks5_write_address(uint8_t *out, const struct address *address)
{
	static const struct address none = {.family = AF_INET};
	size_t len;

	if (address == NULL || address->family == AF_UNSPEC)
		address = &none;
	len = address_len(address);
	out[0] = len == 4 ? SOCKS5_TYPE_IPV4 : SOCKS5_TYPE_IPV6;
	memcpy(out + 1, address->bytes, len);
	out[1 + len] = (uint8_t)(address->port >> 8);
	out[2 + len] = (uint8_t)address->port;
	return 3 + len;
}

size_t socks5_write_reply(uint8_t out[SOCKS_REPLY_MAX], enum socks5_reply reply,
			  const struct address *bound)
{
	out[0] = SOCKS5_VERSION;
	out[1] = (uint8_t)reply;
	out[2] = 0;
	return 3 + socks5_write_address(out + 3, bound);
}

enum parse_result socks5_parse_datagram(const uint8_t *bytes, size_t len, struct host *host,
					uint16_t *port, size_t *used)
{
	struct socks5_endpoint endpoint;
	enum parse_result result;

	*used = 0;
	for (size_t i = 0; i < 3 && i < len; i++) {
		if (bytes[i] != 0)
			return PARSE_BAD;
	}
	if (len < 4)
		return PARSE_MORE;
	result = socks5_take_endpoint(bytes + 3, len - 3, &endpoint);
	if (result != PARSE_DONE)
		return result;
	if (endpoint.port == 0 || !socks5_host(&endpoint, host))
		return PARSE_BAD;
	*port = endpoint.port;
	*used = 3 + endpoint.used;
	return PARSE_DONE;
}

size_t socks5_write_datagram_header(uint8_t out[SOCKS_DATAGRAM_HEADER_MAX],
				    const struct address *from)
{
	memset(out, 0, 3);
	return 3 + socks5_write_address(out + 3, from);
}

size_t socks5_write_greeting(uint8_t out[4], bool with_password)
{
	out[0] = SOCKS5_VERSION;
	out[1] = with_password ? 2 : 1;
	out[2] = SOCKS5_METHOD_NONE;
	out[3] = SOCKS5_METHOD_PASSWORD;
	return with_password ? 4 : 3;
}

size_t socks5_write_login(uint8_t out[513], struct span user, struct span password)
{
	assert(user.len >= 1 && user.len <= 255 && password.len <= 255);
	out[0] = SOCKS5_LOGIN_VERSION;
	out[1] = (uint8_t)user.len;
	memcpy(out + 2, user.bytes, user.len);
	out[2 + user.len] = (uint8_t)password.len;
	if (password.len > 0)
		memcpy(out + 3 + user.len, password.bytes, password.len);
	return 3 + user.len + password.len;
}

size_t socks5_write_connect(uint8_t out[SOCKS_DATAGRAM_HEADER_MAX], const struct host *host,
			    uint16_t port)
{
	size_t len = host->name_len;

	out[0] = SOCKS5_VERSION;
	out[1] = SOCKS_CONNECT;
	out[2] = 0;
	if (host->is_literal) {
		struct address address = host->address;

		address.port = port;
		return 3 + socks5_write_address(out + 3, &address);
	}
	out[3] = SOCKS5_TYPE_NAME;
	out[4] = (uint8_t)len;
	memcpy(out + 5, host->name, len);
	out[5 + len] = (uint8_t)(port >> 8);
	out[6 + len] = (uint8_t)port;
	return 7 + len;
}

enum parse_result socks5_parse_reply(const uint8_t *bytes, size_t len, uint8_t *reply,
				     struct address *bound, size_t *used)
{
	struct socks5_endpoint endpoint;
	enum parse_result result;

	*used = 0;
	if (len > 0 && bytes[0] != SOCKS5_VERSION)
		return PARSE_BAD;
	if (len < 4)
		return PARSE_MORE;
	result = socks5_take_endpoint(bytes + 3, len - 3, &endpoint);
	/* Some servers leave the address of a refusal zero, type and all; its code still counts. */
	if (result == PARSE_BAD && bytes[1] != SOCKS5_SUCCEEDED)
		endpoint.used = 1;
	else if (result != PARSE_DONE)
		return result;
	*reply = bytes[1];
	*bound = socks5_address(&endpoint);
	*used = 3 + endpoint.used;
	return PARSE_DONE;
}
