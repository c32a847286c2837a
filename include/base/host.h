/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host as a client may ask for it: a name in its one canonical form, or an address. */
#ifndef BASE_HOST_H
#define BASE_HOST_H

#include "base/address.h"

enum {
	HOST_NAME_MAX_LEN = 253,
	HOST_TEXT_SIZE = 256,
};

struct host {
	bool is_literal;           /* an address was written: address holds it, name is its text */
	uint8_t name_len;          /* 1-253 */
	char name[HOST_TEXT_SIZE]; /* lower case, no trailing dot, NUL-terminated */
	struct address address;    /* port is 0 */
};

/*
 * Strict (RFC 1123 2.1, RFC 3986 3.2.2): letters, digits, '-' and '_' in labels of 1-63 bytes, one
 * optional trailing dot, at most 253 bytes. "[...]" or a bare address is a literal. Whatever C
 * libraries might read as an address in another way (127.1, 0x7f.1, 2130706433, 010.0.0.1) is
 * refused, and so is every byte outside ASCII.
 */
MUST_CHECK bool host_parse(const char *text, size_t len, struct host *host);

/* A host that is this address. */
struct host host_from_address(const struct address *address);

/*
 * Names that no public resolver may see: single labels, special-use names (RFC 6761, RFC 6762, RFC
 * 7686, RFC 8375) and the endings that home networks use (.lan .home .internal .corp .private
 * .intranet .local ...).
 */
bool host_is_local_name(const struct host *host);

/* "name:port", with brackets around an IPv6 literal. out has room for HOST_TEXT_SIZE + 8. Returns
 * out. */
const char *host_format_endpoint(const struct host *host, uint16_t port,
				 char out[HOST_TEXT_SIZE + 8]);

#endif
