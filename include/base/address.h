/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An IP address with a port, passed by value. IPv4-mapped IPv6 is turned into IPv4 on the way in.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"

enum {
	ADDRESS_TEXT_SIZE = 64, /* holds "[ipv6%scope]:port" and the NUL */
};

struct address {
	sa_family_t family; /* AF_INET, AF_INET6, or AF_UNSPEC for none */
	uint16_t port;      /* host byte order */
	uint32_t scope_id;  /* IPv6 link-local only */
	union {
		struct in_addr v4;
		struct in6_addr v6;
		uint8_t bytes[16]; /* network byte order; the first 4 for IPv4 */
	};
};

/* Strict: dotted quad without leading zeros, or RFC 4291 text without brackets, scope or port. */
MUST_CHECK bool address_parse(const char *text, size_t len, struct address *address);

/* "1.2.3.4:80" or "[::1]:80"; both parts required, port 0-65535 in plain decimal digits. */
MUST_CHECK bool address_parse_endpoint(const char *text, size_t len, struct address *address);

/* Plain decimal digits, at most 5, no sign, no blank, no leading zero, 0-65535. */
MUST_CHECK bool port_parse(const char *text, size_t len, uint16_t *port);

/* From the kernel. An unknown family gives AF_UNSPEC. */
struct address address_from_sockaddr(const struct sockaddr *sockaddr, socklen_t len);

/* For the kernel; returns the length to pass with it. */
socklen_t address_to_sockaddr(const struct address *address, struct sockaddr_storage *out);

/* Without the port: "1.2.3.4", "::1". Returns text. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* With the port: "1.2.3.4:80", "[::1]:80". Returns text. */
const char *address_format_endpoint(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* 4 or 16; 0 for AF_UNSPEC. */
size_t address_len(const struct address *address);

/* Same family and same IP, whatever the port. */
bool address_equals(const struct address *a, const struct address *b);

/* Same IP and same port. */
bool address_equals_endpoint(const struct address *a, const struct address *b);

#endif
