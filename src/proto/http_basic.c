/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Basic credentials: base64 of "user:password". */
#include <string.h>

#include "http_bytes.h"
#include "proto/http_forward.h"

enum {
	BASIC_PART_MAX = 255,
	BASIC_DECODED_MAX = 2 * BASIC_PART_MAX + 1,
};

static int http_base64_digit(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	if (byte == '+')
		return 62;
	return byte == '/' ? 63 : -1;
}

/* Canonical base64 only (RFC 4648 3.5): padded, and with no bits left over. */
static bool http_decode_base64(struct span text, char out[BASIC_DECODED_MAX + 3], size_t *out_len)
{
	size_t padding = 0, len = 0;
	unsigned bits = 0;

	if (text.len == 0 || text.len % 4 != 0 || text.len / 4 * 3 > BASIC_DECODED_MAX + 2)
		return false;
	while (padding < 2 && text.bytes[text.len - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < text.len; i++) {
		int digit = i >= text.len - padding ? 0 : http_base64_digit(text.bytes[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (unsigned)digit;
		if (i % 4 != 3)
			continue;
		out[len++] = (char)(bits >> 16 & 0xff);
		out[len++] = (char)(bits >> 8 & 0xff);
		out[len++] = (char)(bits & 0xff);
		if (i + 1 < text.len)
			bits = 0;
	}
	*out_len = len - padding;
	return (bits & ((1U << (8 * padding)) - 1)) == 0;
}

static bool http_copy_part(const char *bytes, size_t len, char out[256], size_t *out_len)
{
	if (len > BASIC_PART_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		/* RFC 7617 2 forbids them, and a NUL would log in as the part before it. */
		if ((unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f)
			return false;
	}
	memcpy(out, bytes, len);
	out[len] = '\0';
	*out_len = len;
	return true;
}

bool http_parse_basic(struct span value, char user[256], size_t *user_len, char password[256],
		      size_t *password_len)
{
	char decoded[BASIC_DECODED_MAX + 3] = {0};
	const char *colon;
	size_t len, before;

	if (value.len < 7 || !span_equals_nocase((struct span){value.bytes, 6}, "Basic "))
		return false;
	value.bytes += 6;
	value.len -= 6;
	value = http_trim(value);
	if (!http_decode_base64(value, decoded, &len))
		return false;
	colon = memchr(decoded, ':', len);
	if (colon == NULL)
		return false;
	before = (size_t)(colon - decoded);
	return http_copy_part(decoded, before, user, user_len) &&
	       http_copy_part(colon + 1, len - before - 1, password, password_len);
}
