/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.xml: the key of what these apps write, and nothing of what merely resembles it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "apps/config_xml.h"

static const char as_prowlarr_writes_it[] =
	"<Config>\r\n  <BindAddress>*</BindAddress>\r\n  <Port>9696</Port>\r\n"
	"  <UrlBase></UrlBase>\r\n  <SslCertPath/>\r\n"
	"  <InstanceName>A &amp; B</InstanceName>\r\n  <ApiKey>0123abcd</ApiKey>\r\n"
	"  <LogLevel>info</LogLevel>\r\n</Config>";

static int read_key(const char *text, size_t len, char key[40])
{
	const char *problem = "";
	int result = config_xml_key(text, len, key, 40, &problem);

	assert_true((result == 0) == (problem == NULL));
	return result;
}

static void the_key_is_found(void **state)
{
	static const char *const cases[] = {
		"<Config><ApiKey>0123abcd</ApiKey></Config>",
		as_prowlarr_writes_it,
		"\xef\xbb\xbf<?xml version=\"1.0\" "
		"encoding=\"utf-8\"?>\n<Config><ApiKey>0123abcd</ApiKey>\n</Config>\n",
	};
	char key[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(read_key(cases[i], strlen(cases[i]), key), 0);
		assert_string_equal(key, "0123abcd");
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"0123abcd",
		"<Config>",
		"<Config></Config>",
		"<Config><ApiKey></ApiKey></Config>",
		"<Config><ApiKey/></Config>",
		"<Config><ApiKey>01 23</ApiKey></Config>",
		"<Config><ApiKey>01\n23</ApiKey></Config>",
		"<Config><ApiKey>01&#13;23</ApiKey></Config>",
		"<Config><ApiKey>0123456789012345678901234567890123456789</ApiKey></Config>",
		"<Config><ApiKey>01</ApiKey><ApiKey>23</ApiKey></Config>",
		"<Config><ApiKey>01</Apikey></Config>",
		"<Config><ApiKey>01</ApiKey>",
		"<Config><ApiKey>01</ApiKey></Config>x",
		"<Config><ApiKey>01</ApiKey></Config><Config/>",
		"<Config a=\"b\"><ApiKey>01</ApiKey></Config>",
		"<Config><ApiKey a=\"b\">01</ApiKey></Config>",
		"<Config><Nested><ApiKey>01</ApiKey></Nested></Config>",
		"<Config><!-- <ApiKey>02</ApiKey> --><ApiKey>01</ApiKey></Config>",
		"<Config><ApiKey><![CDATA[01]]></ApiKey></Config>",
		"<!DOCTYPE Config [<!ENTITY e \"x\">]><Config><ApiKey>01</ApiKey></Config>",
		"<?xml version=\"1.0\" <Config><ApiKey>01</ApiKey></Config>",
		"<Other><ApiKey>01</ApiKey></Other>",
		"<Config>text<ApiKey>01</ApiKey></Config>",
	};
	char key[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_int_equal(read_key(cases[i], strlen(cases[i]), key), -1);
	}
}

static void a_nul_ends_nothing(void **state)
{
	static const char text[] = "<Config><ApiKey>01\0</ApiKey></Config>";
	char key[40];

	(void)state;
	assert_int_equal(read_key(text, sizeof(text) - 1, key), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_is_found),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(a_nul_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
