/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CIDR prefixes. */
#include "base/prefix.h"

#include <stdio.h>
#include <string.h>

static uint8_t prefix_mask_byte(unsigned bits, size_t index)
{
	size_t start = index * 8;

	if (bits >= start + 8)
		return 0xff;
	if (bits <= start)
		return 0;
	return (uint8_t)(0xff00 >> (bits - start));
}

bool prefix_parse(const char *text, size_t len, struct prefix *prefix)
{
	const char *slash = len == 0 ? NULL : memchr(text, '/', len);
	size_t ip_len = slash == NULL ? len : (size_t)(slash - text);
	struct prefix parsed = {0};
	uint16_t bits;

	if (!address_parse(text, ip_len, &parsed.address))
		return false;
	bits = (uint16_t)(address_len(&parsed.address) * 8);
	if (slash != NULL) {
		/* An IPv4-mapped address has become IPv4: its first 96 bits are gone. */
		bool is_mapped = bits == 32 && memchr(text, ':', ip_len) != NULL;
		uint16_t gone = is_mapped ? 96 : 0, asked;

		if (!port_parse(slash + 1, len - ip_len - 1, &asked))
			return false;
		if (asked < gone || asked - gone > bits)
			return false;
		bits = (uint16_t)(asked - gone);
	}
	parsed.bits = (uint8_t)bits;
	for (size_t i = 0; i < address_len(&parsed.address); i++) {
		if ((parsed.address.bytes[i] & (uint8_t)~prefix_mask_byte(bits, i)) != 0)
			return false;
	}
	*prefix = parsed;
	return true;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	if (prefix->address.family != address->family)
		return false;
	for (size_t i = 0; i < address_len(address) && i * 8 < prefix->bits; i++) {
		uint8_t differing = prefix->address.bytes[i] ^ address->bytes[i];

		if ((differing & prefix_mask_byte(prefix->bits, i)) != 0)
			return false;
	}
	return true;
}

struct address prefix_mask(const struct prefix *prefix)
{
	struct address mask = {.family = prefix->address.family};

	for (size_t i = 0; i < address_len(&mask); i++)
		mask.bytes[i] = prefix_mask_byte(prefix->bits, i);
	return mask;
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_SIZE])
{
	char ip[ADDRESS_TEXT_SIZE];

	address_format(&prefix->address, ip);
	if (prefix->bits == address_len(&prefix->address) * 8)
		snprintf(text, PREFIX_TEXT_SIZE, "%.46s", ip);
	else
		snprintf(text, PREFIX_TEXT_SIZE, "%.46s/%u", ip, (unsigned)prefix->bits);
	return text;
}
