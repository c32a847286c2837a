/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of fields: known whatever their case, and no name for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "base/compiler.h"
#include "proto/http_name.h"

static const struct {
	const char *text;
	enum http_name name;
} names[] = {
	{"Authorization", HTTP_NAME_AUTHORIZATION},
	{"Client-IP", HTTP_NAME_OF_CLIENT},
	{"Connection", HTTP_NAME_CONNECTION},
	{"Content-Length", HTTP_NAME_CONTENT_LENGTH},
	{"Expect", HTTP_NAME_EXPECT},
	{"Forwarded", HTTP_NAME_OF_CLIENT},
	{"Host", HTTP_NAME_HOST},
	{"HTTP2-Settings", HTTP_NAME_OF_HOP},
	{"Keep-Alive", HTTP_NAME_OF_HOP},
	{"Max-Forwards", HTTP_NAME_MAX_FORWARDS},
	{"Proxy-Authenticate", HTTP_NAME_OF_HOP},
	{"Proxy-Authorization", HTTP_NAME_PROXY_AUTHORIZATION},
	{"Proxy-Connection", HTTP_NAME_PROXY_CONNECTION},
	{"Proxy-Status", HTTP_NAME_PROXY_STATUS},
	{"Proxy-", HTTP_NAME_OF_HOP},
	{"TE", HTTP_NAME_TE},
	{"Trailer", HTTP_NAME_TRAILER},
	{"Transfer-Encoding", HTTP_NAME_TRANSFER_ENCODING},
	{"True-Client-IP", HTTP_NAME_OF_CLIENT},
	{"Upgrade", HTTP_NAME_UPGRADE},
	{"Via", HTTP_NAME_VIA},
	{"WWW-Authenticate", HTTP_NAME_WWW_AUTHENTICATE},
	{"X-Client-IP", HTTP_NAME_OF_CLIENT},
	{"X-Cluster-Client-IP", HTTP_NAME_OF_CLIENT},
	{"X-Forwarded-For", HTTP_NAME_OF_CLIENT},
	{"X-Forwarded-", HTTP_NAME_OF_CLIENT},
	{"X-Real-IP", HTTP_NAME_OF_CLIENT},
	{"", HTTP_NAME_OTHER},
	{"Accept", HTTP_NAME_OTHER},
	{"Content-Type", HTTP_NAME_OTHER},
	{"Content_Length", HTTP_NAME_OTHER},
	{"Proxy", HTTP_NAME_OTHER},
	{"T", HTTP_NAME_OTHER},
	{"X-Forwarded", HTTP_NAME_OTHER},
	{"~", HTTP_NAME_OTHER},
	{"\xe8ost", HTTP_NAME_OTHER},
	{"\x08ost", HTTP_NAME_OTHER},
};

static void a_name_is_known_in_any_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i].text);
		char lower[32], upper[32];

		for (size_t at = 0; at < len; at++) {
			lower[at] = (char)tolower((unsigned char)names[i].text[at]);
			upper[at] = (char)toupper((unsigned char)names[i].text[at]);
		}
		assert_int_equal(http_name_of(span_of(names[i].text)), names[i].name);
		assert_int_equal(http_name_of((struct span){lower, len}), names[i].name);
		assert_int_equal(http_name_of((struct span){upper, len}), names[i].name);
	}
}

/* A field that is taken for the length or the coding of a body smuggles a request; so does one that
 * is not. */
static void one_byte_more_less_or_other_is_another_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i].text);
		bool begins = strncmp(names[i].text, "Proxy-", 6) == 0 ||
			      strncmp(names[i].text, "X-Forwarded-", 12) == 0;
		char bytes[32];

		if (names[i].name == HTTP_NAME_OTHER || begins)
			continue;
		memcpy(bytes, names[i].text, len);
		bytes[len] = '\0';
		assert_int_equal(http_name_of((struct span){bytes, len + 1}), HTTP_NAME_OTHER);
		assert_int_equal(http_name_of((struct span){bytes, len - 1}), HTTP_NAME_OTHER);
		for (size_t at = 0; at < len; at++) {
			bytes[at] ^= 0x40;
			assert_int_equal(http_name_of((struct span){bytes, len}), HTTP_NAME_OTHER);
			bytes[at] ^= 0x40;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_known_in_any_case),
		cmocka_unit_test(one_byte_more_less_or_other_is_another_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
