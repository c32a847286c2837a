/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of special addresses. The documentation networks (RFC 5737, RFC 3849) are left out on
 * purpose: nothing of anybody's is there, and laboratories use them in place of the Internet.
 */
#include "base/special.h"

#include <string.h>

struct special_prefix {
	uint8_t bytes[8];
	uint8_t bits;
	enum address_class class;
};

/* Longer prefixes first: the first match decides. */
static const struct special_prefix special_v4[] = {
	{{255, 255, 255, 255}, 32, ADDRESS_BROADCAST}, {{169, 254, 169, 254}, 32, ADDRESS_METADATA},
	{{169, 254, 170, 2}, 32, ADDRESS_METADATA},    {{100, 100, 100, 200}, 32, ADDRESS_METADATA},
	{{168, 63, 129, 16}, 32, ADDRESS_METADATA},    {{192, 0, 0, 192}, 32, ADDRESS_METADATA},
	{{192, 0, 0, 0}, 24, ADDRESS_RESERVED},        {{192, 88, 99, 0}, 24, ADDRESS_RESERVED},
	{{192, 168, 0, 0}, 16, ADDRESS_PRIVATE},       {{169, 254, 0, 0}, 16, ADDRESS_LINK_LOCAL},
	{{198, 18, 0, 0}, 15, ADDRESS_PRIVATE},        {{172, 16, 0, 0}, 12, ADDRESS_PRIVATE},
	{{100, 64, 0, 0}, 10, ADDRESS_CGNAT},          {{0, 0, 0, 0}, 8, ADDRESS_UNSPECIFIED},
	{{10, 0, 0, 0}, 8, ADDRESS_PRIVATE},           {{127, 0, 0, 0}, 8, ADDRESS_LOOPBACK},
	{{224, 0, 0, 0}, 4, ADDRESS_MULTICAST},        {{240, 0, 0, 0}, 4, ADDRESS_RESERVED},
};

/* fd00:ec2::254 is matched by its first 64 bits: the whole of AWS's metadata network. */
static const struct special_prefix special_v6[] = {
	{{0xfd, 0x00, 0x0e, 0xc2}, 64, ADDRESS_METADATA},
	{{0xfe, 0x80}, 10, ADDRESS_LINK_LOCAL},
	{{0xfe, 0xc0}, 10, ADDRESS_PRIVATE},
	{{0xff, 0x00}, 8, ADDRESS_MULTICAST},
	{{0xfc, 0x00}, 7, ADDRESS_PRIVATE},
};

static bool special_matches(const struct special_prefix *prefix, const uint8_t *bytes)
{
	size_t whole = prefix->bits / 8;
	unsigned rest = prefix->bits % 8;

	/* Mostly it is none of them, and the first byte tells without a call. */
	if (whole > 0 && prefix->bytes[0] != bytes[0])
		return false;
	if (memcmp(prefix->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || ((prefix->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0;
}

static enum address_class special_class_v4(const uint8_t *bytes)
{
	for (size_t i = 0; i < ARRAY_LEN(special_v4); i++) {
		if (special_matches(&special_v4[i], bytes))
			return special_v4[i].class;
	}
	return ADDRESS_PUBLIC;
}

static bool special_starts(const uint8_t *bytes, const void *prefix, size_t len)
{
	return memcmp(bytes, prefix, len) == 0;
}

/* Finds the IPv4 address an IPv6 one wraps; copies it out. Teredo keeps it inverted. */
static bool special_unwrap(const uint8_t *bytes, uint8_t inner[4])
{
	static const uint8_t zeros[12];

	if (special_starts(bytes, "\x00\x64\xff\x9b\0\0\0\0\0\0\0\0", 12) || /* NAT64 */
	    special_starts(bytes, zeros, 12) ||                              /* IPv4-compatible */
	    special_starts(bytes, "\0\0\0\0\0\0\0\0\xff\xff\0\0", 12)) {     /* SIIT, RFC 2765 */
		memcpy(inner, bytes + 12, 4);
		return true;
	}
	if (special_starts(bytes, "\x20\x02", 2)) { /* 6to4 */
		memcpy(inner, bytes + 2, 4);
		return true;
	}
	if (special_starts(bytes, "\x20\x01\x00\x00", 4)) {
		for (size_t i = 0; i < 4; i++)
			inner[i] = (uint8_t)~bytes[12 + i];
		return true;
	}
	return false;
}

/* The interface part says so, under any prefix at all. */
static bool special_is_isatap(const uint8_t *bytes)
{
	return (bytes[8] & 0xfd) == 0 && special_starts(bytes + 9, "\x00\x5e\xfe", 3);
}

static enum address_class special_class_v6(const struct address *address)
{
	uint8_t inner[4];

	if (IN6_IS_ADDR_UNSPECIFIED(&address->v6))
		return ADDRESS_UNSPECIFIED;
	if (IN6_IS_ADDR_LOOPBACK(&address->v6))
		return ADDRESS_LOOPBACK;
	for (size_t i = 0; i < ARRAY_LEN(special_v6); i++) {
		if (special_matches(&special_v6[i], address->bytes))
			return special_v6[i].class;
	}
	/* A public address inside proves nothing here: the prefix is still to be judged. */
	if (special_is_isatap(address->bytes)) {
		enum address_class class = special_class_v4(address->bytes + 12);

		if (class != ADDRESS_PUBLIC)
			return class;
	}
	if (special_unwrap(address->bytes, inner))
		return special_class_v4(inner);
	/* 2001::/23 is the IETF's own (RFC 2928): anycast of the nearest router, benchmarks,
	 * hashes. */
	if (special_starts(address->bytes, "\x20\x01", 2) && (address->bytes[2] & 0xfe) == 0)
		return ADDRESS_RESERVED;
	/* RFC 4291 2.4, IANA: global unicast is 2000::/3 and nothing else, 64:ff9b:1::/48 included.
	 */
	return (address->bytes[0] & 0xe0) == 0x20 ? ADDRESS_PUBLIC : ADDRESS_RESERVED;
}

enum address_class address_class(const struct address *address)
{
	if (address->family == AF_INET)
		return special_class_v4(address->bytes);
	if (address->family == AF_INET6)
		return special_class_v6(address);
	return ADDRESS_UNSPECIFIED;
}

const char *address_class_name(enum address_class class)
{
	static const char *const names[] = {
		[ADDRESS_PUBLIC] = "public",         [ADDRESS_UNSPECIFIED] = "unspecified",
		[ADDRESS_LOOPBACK] = "loopback",     [ADDRESS_PRIVATE] = "private",
		[ADDRESS_LINK_LOCAL] = "link-local", [ADDRESS_METADATA] = "cloud metadata",
		[ADDRESS_CGNAT] = "carrier NAT",     [ADDRESS_MULTICAST] = "multicast",
		[ADDRESS_BROADCAST] = "broadcast",   [ADDRESS_RESERVED] = "reserved",
	};

	return names[class];
}

bool address_is_special(const struct address *address)
{
	return address_class(address) != ADDRESS_PUBLIC;
}

size_t special_prefixes(sa_family_t family, struct prefix prefixes[SPECIAL_PREFIXES_MAX])
{
	/* Outside 2000::/3, and inside it Teredo and 6to4. */
	static const struct special_prefix coarse_v6[] = {
		{{0x00}, 3, ADDRESS_RESERVED},
		{{0x40}, 2, ADDRESS_RESERVED},
		{{0x80}, 1, ADDRESS_RESERVED},
		{{0x20, 0x01, 0x00, 0x00}, 32, ADDRESS_RESERVED},
		{{0x20, 0x02}, 16, ADDRESS_RESERVED},
	};
	bool is_v4 = family == AF_INET;
	const struct special_prefix *table = is_v4 ? special_v4 : coarse_v6;
	size_t count = is_v4 ? ARRAY_LEN(special_v4) : ARRAY_LEN(coarse_v6);

	_Static_assert(ARRAY_LEN(coarse_v6) <= SPECIAL_PREFIXES_MAX, "a prefix would be missing");
	_Static_assert(ARRAY_LEN(special_v4) <= SPECIAL_PREFIXES_MAX, "a prefix would be missing");
	for (size_t i = 0; i < count; i++) {
		prefixes[i] = (struct prefix){.address.family = family, .bits = table[i].bits};
		memcpy(prefixes[i].address.bytes, table[i].bytes, is_v4 ? 4 : 8);
	}
	return count;
}
