/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Well-formed UTF-8 (RFC 3629 4): no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "base/utf8.h"

size_t utf8_len(const char *bytes, size_t len)
{
	const unsigned char *b = (const unsigned char *)bytes;
	unsigned char low = 0x80, high = 0xbf; /* of the second byte */
	size_t wanted;

	if (len == 0)
		return 0;
	if (b[0] < 0x80)
		return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	wanted = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	if (b[0] == 0xe0)
		low = 0xa0;
	else if (b[0] == 0xed)
		high = 0x9f;
	else if (b[0] == 0xf0)
		low = 0x90;
	else if (b[0] == 0xf4)
		high = 0x8f;
	if (len < wanted || b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < wanted; i++) {
		if (b[i] < 0x80 || b[i] > 0xbf)
			return 0;
	}
	return wanted;
}
