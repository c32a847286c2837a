/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upstream proxies: what the policy file may say, and what it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "proto/proxy_url.h"

static int parse(const char *url, struct proxy_url *parsed)
{
	const char *problem = NULL;
	int result = proxy_url_parse(url, strlen(url), parsed, &problem);

	assert_true((result == 0) == (problem == NULL));
	return result;
}

static void good_urls_are_read(void **state)
{
	static const struct {
		const char *url;
		enum proxy_kind kind;
		const char *host;
		uint16_t port;
		const char *user, *password;
	} cases[] = {
		{"http://gluetun", PROXY_HTTP, "gluetun", 3128, "", ""},
		{"HTTP://Gluetun./", PROXY_HTTP, "gluetun", 3128, "", ""},
		{"https://p.example.net", PROXY_HTTPS, "p.example.net", 443, "", ""},
		{"socks5://10.0.0.1:9", PROXY_SOCKS5, "10.0.0.1", 9, "", ""},
		{"socks5h://[fd00::1]", PROXY_SOCKS5, "fd00::1", 1080, "", ""},
		{"socks5://[fd00::1]:65535/", PROXY_SOCKS5, "fd00::1", 65535, "", ""},
		{"socks5://u:p@h:1", PROXY_SOCKS5, "h", 1, "u", "p"},
		{"http://u@h", PROXY_HTTP, "h", 3128, "u", ""},
		{"http://u:@h", PROXY_HTTP, "h", 3128, "u", ""},
		{"http://u:a:b@h", PROXY_HTTP, "h", 3128, "u", "a:b"},
		{"http://u%40x:%2f%3F%23%25@h", PROXY_HTTP, "h", 3128, "u@x", "/?#%"},
		{"socks5://a%3Ab:c@h", PROXY_SOCKS5, "h", 1080, "a:b", "c"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proxy_url parsed;

		print_message("%s\n", cases[i].url);
		assert_int_equal(parse(cases[i].url, &parsed), 0);
		assert_int_equal(parsed.kind, cases[i].kind);
		assert_string_equal(parsed.host.name, cases[i].host);
		assert_int_equal(parsed.port, cases[i].port);
		assert_string_equal(parsed.user, cases[i].user);
		assert_string_equal(parsed.password, cases[i].password);
	}
}

static void bad_urls_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"host",
		"host:3128",
		"//host",
		"://host",
		"ftp://host",
		"socks4://host",
		"http:/host",
		"http://",
		"http:///",
		"http://host/path",
		"http://host//",
		"http://host?query",
		"http://host#fragment",
		"http://host:",
		"http://host:0",
		"http://host:00080",
		"http://host:+80",
		"http://host:65536",
		"http://host:80abc",
		"http://host: 80",
		"http://host:1:2",
		"http://::1",
		"http://[::1",
		"http://[::1]80",
		"http://[::1]:",
		"http://[1.2.3.4]",
		"http://127.1",
		"http://0x7f000001",
		"http:// host",
		"http://ho st",
		"http://h\xc3\xb6st",
		"http://@host",
		"http://:password@host",
		"http://user@",
		"http://a@b@host",
		"http://u%4@host",
		"http://u%@host",
		"http://u%zz@host",
		"http://u%00x@host",
		"http://u:p%00@host",
		"http://u u@host",
		"http://a%3Ab:c@host",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proxy_url parsed;

		print_message("%s\n", cases[i]);
		assert_int_equal(parse(cases[i], &parsed), -1);
	}
}

static void a_login_is_never_cut_short(void **state)
{
	char url[700];
	struct proxy_url parsed;

	(void)state;
	strcpy(url, "http://u:");
	memset(url + 9, 'x', 255);
	strcpy(url + 9 + 255, "@host");
	assert_int_equal(parse(url, &parsed), 0);
	assert_int_equal(strlen(parsed.password), 255);
	memset(url + 9, 'x', 256);
	strcpy(url + 9 + 256, "@host");
	assert_int_equal(parse(url, &parsed), -1);
}

static void a_nul_never_ends_the_url(void **state)
{
	static const char url[] = "http://host\0.example.net";
	struct proxy_url parsed;
	const char *problem;

	(void)state;
	assert_int_equal(proxy_url_parse(url, sizeof(url) - 1, &parsed, &problem), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls_are_read),
		cmocka_unit_test(bad_urls_are_refused),
		cmocka_unit_test(a_login_is_never_cut_short),
		cmocka_unit_test(a_nul_never_ends_the_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
