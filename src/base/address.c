/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing, printing and comparing IP addresses. */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* RFC 4291 2.5.5.2: the kernel shows IPv4 peers of a dual-stack socket like this; rules must see
 * IPv4. */
static void address_unmap(struct address *address)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (address->family != AF_INET6 || memcmp(address->bytes, mapped, sizeof(mapped)) != 0)
		return;
	address->family = AF_INET;
	address->scope_id = 0;
	memmove(address->bytes, address->bytes + 12, 4);
	memset(address->bytes + 4, 0, 12);
}

bool address_parse(const char *text, size_t len, struct address *address)
{
	char copy[INET6_ADDRSTRLEN];
	struct address parsed = {0};

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (memchr(copy, ':', len) != NULL)
		parsed.family = AF_INET6;
	else if (text[0] >= '0' && text[0] <= '9')
		parsed.family = AF_INET;
	else
		return false; /* a name, and those who ask are in a hurry */
	if (inet_pton(parsed.family, copy, parsed.bytes) != 1)
		return false;
	address_unmap(&parsed);
	*address = parsed;
	return true;
}

bool port_parse(const char *text, size_t len, uint16_t *port)
{
	unsigned value = 0;

	if (len == 0 || len > 5 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	if (value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

bool address_parse_endpoint(const char *text, size_t len, struct address *address)
{
	const char *colon = memrchr(text, ':', len);
	struct address parsed;
	uint16_t port;
	size_t host_len;
	bool bracketed;

	if (colon == NULL)
		return false;
	host_len = (size_t)(colon - text);
	if (!port_parse(colon + 1, len - host_len - 1, &port))
		return false;
	bracketed = host_len >= 2 && text[0] == '[' && text[host_len - 1] == ']';
	if (bracketed) {
		text++;
		host_len -= 2;
	}
	if (bracketed != (memchr(text, ':', host_len) != NULL))
		return false;
	if (!address_parse(text, host_len, &parsed))
		return false;
	parsed.port = port;
	*address = parsed;
	return true;
}

struct address address_from_sockaddr(const struct sockaddr *sockaddr, socklen_t len)
{
	struct address address = {.family = AF_UNSPEC};

	if (sockaddr->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		const struct sockaddr_in *in = (const void *)sockaddr;

		address.family = AF_INET;
		address.port = ntohs(in->sin_port);
		address.v4 = in->sin_addr;
	} else if (sockaddr->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
		const struct sockaddr_in6 *in6 = (const void *)sockaddr;

		address.family = AF_INET6;
		address.port = ntohs(in6->sin6_port);
		address.scope_id = in6->sin6_scope_id;
		address.v6 = in6->sin6_addr;
		address_unmap(&address);
	}
	return address;
}

socklen_t address_to_sockaddr(const struct address *address, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (address->family == AF_INET) {
		struct sockaddr_in *in = (void *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(address->port);
		in->sin_addr = address->v4;
		return sizeof(*in);
	}
	if (address->family == AF_INET6) {
		struct sockaddr_in6 *in6 = (void *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(address->port);
		in6->sin6_scope_id = address->scope_id;
		in6->sin6_addr = address->v6;
		return sizeof(*in6);
	}
	return 0;
}

/* By hand: inet_ntop goes through printf, and every session has three addresses to write. */
static void address_format_v4(const uint8_t bytes[4], char *text)
{
	for (size_t i = 0; i < 4; i++) {
		unsigned byte = bytes[i];

		if (byte >= 100)
			*text++ = (char)('0' + byte / 100);
		if (byte >= 10)
			*text++ = (char)('0' + byte / 10 % 10);
		*text++ = (char)('0' + byte % 10);
		*text++ = i < 3 ? '.' : '\0';
	}
}

const char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	if (address->family == AF_INET)
		address_format_v4(address->bytes, text);
	else if (address->family == AF_UNSPEC ||
		 inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT_SIZE) == NULL)
		memcpy(text, "-", 2);
	return text;
}

const char *address_format_endpoint(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	char ip[ADDRESS_TEXT_SIZE];

	address_format(address, ip);
	if (address->family == AF_UNSPEC)
		memcpy(text, "-", 2);
	else
		snprintf(text, ADDRESS_TEXT_SIZE,
			 address->family == AF_INET6 ? "[%.46s]:%u" : "%.46s:%u", ip,
			 (unsigned)address->port);
	return text;
}

size_t address_len(const struct address *address)
{
	if (address->family == AF_INET)
		return 4;
	return address->family == AF_INET6 ? 16 : 0;
}

bool address_equals(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, address_len(a)) == 0;
}

bool address_equals_endpoint(const struct address *a, const struct address *b)
{
	return a->port == b->port && address_equals(a, b);
}
