/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A CIDR prefix: an address and how many leading bits of it count (RFC 4632, RFC 4291 2.3). */
#ifndef BASE_PREFIX_H
#define BASE_PREFIX_H

#include "base/address.h"

enum {
	PREFIX_TEXT_SIZE = ADDRESS_TEXT_SIZE,
};

struct prefix {
	struct address address; /* host bits are zero, port is zero */
	uint8_t bits;           /* 0-32 or 0-128 */
};

/* "10.0.0.0/8", "fd00::/8", or a bare address (all bits). Host bits that are set are refused. */
MUST_CHECK bool prefix_parse(const char *text, size_t len, struct prefix *prefix);

bool prefix_contains(const struct prefix *prefix, const struct address *address);

/* The address whose leading bits are set: 255.0.0.0 of 10.0.0.0/8. */
struct address prefix_mask(const struct prefix *prefix);

/* "10.0.0.0/8"; a single host without the slash. Returns text. */
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_SIZE]);

#endif
