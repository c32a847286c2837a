/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses are special: never to be dialled for a client unless the policy says so. */
#ifndef BASE_SPECIAL_H
#define BASE_SPECIAL_H

#include "base/prefix.h"

enum address_class {
	ADDRESS_PUBLIC,
	ADDRESS_UNSPECIFIED, /* 0.0.0.0/8, :: (RFC 1122, RFC 4291) */
	ADDRESS_LOOPBACK,    /* 127.0.0.0/8, ::1 */
	ADDRESS_PRIVATE,     /* RFC 1918, RFC 4193, fec0::/10, 198.18.0.0/15 */
	ADDRESS_LINK_LOCAL,  /* 169.254.0.0/16, fe80::/10 */
	ADDRESS_METADATA,    /* 169.254.169.254 and its like: the cloud's own secrets */
	ADDRESS_CGNAT,       /* 100.64.0.0/10 (RFC 6598) */
	ADDRESS_MULTICAST,   /* 224.0.0.0/4, ff00::/8 */
	ADDRESS_BROADCAST,   /* 255.255.255.255 */
	ADDRESS_RESERVED,    /* 240.0.0.0/4, 192.0.0.0/24, 192.88.99.0/24, IPv6 outside 2000::/3 */
};

/*
 * Judges the address a packet would finally reach: an IPv4 address wrapped in NAT64 (RFC 6052),
 * 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214) or "IPv4-compatible" form is judged as that
 * IPv4 address.
 */
enum address_class address_class(const struct address *address);

/* "loopback", "private", ...: one lower-case word or two, for people. */
const char *address_class_name(enum address_class class);

/* True when address_class() says anything but public. This is what the policy file calls "private".
 */
bool address_is_special(const struct address *address);

enum {
	SPECIAL_PREFIXES_MAX = 24,
};

/*
 * The special networks of a family, for those who can only go by prefixes. Returns how many. Of
 * IPv6, all that wraps an IPv4 address is among them, whichever it is.
 */
size_t special_prefixes(sa_family_t family, struct prefix prefixes[SPECIAL_PREFIXES_MAX]);

#endif
