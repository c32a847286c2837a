/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts: one canonical form, and no name that a C library would dial as an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/host.h"

static void hosts_have_one_form(void **state)
{
	static const struct {
		const char *text, *name;
		bool is_literal;
	} cases[] = {
		{"a", "a", false},
		{"Example.ORG", "example.org", false},
		{"example.org.", "example.org", false},
		{"_dmarc.a-b.c", "_dmarc.a-b.c", false},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", false},
		{"1.example", "1.example", false},
		{"1.2.3.4.example", "1.2.3.4.example", false},
		{"0xg", "0xg", false},
		{"1a", "1a", false},
		{"1.2.3.4", "1.2.3.4", true},
		{"[::1]", "::1", true},
		{"::1", "::1", true},
		{"[2001:DB8::0:1]", "2001:db8::1", true},
		{"[::ffff:127.0.0.1]", "127.0.0.1", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host host;

		print_message("%s\n", cases[i].text);
		assert_true(host_parse(cases[i].text, strlen(cases[i].text), &host));
		assert_string_equal(host.name, cases[i].name);
		assert_int_equal(host.name_len, strlen(cases[i].name));
		assert_int_equal(host.is_literal, cases[i].is_literal);
		assert_int_equal(host.address.port, 0);
	}
}

static void addresses_in_disguise_are_refused(void **state)
{
	static const char *const cases[] = {
		"127.1",      "127.0.1",      "2130706433", "0x7f000001", "0x7f.1",
		"0X7F.0.0.1", "017700000001", "010.0.0.1",  "1.2.3.4.",   "127.1.",
		"1.2.3.4.5",  "256.1.1.1",    "0",          "0x",         "a.0x",
		"a.0",        "example.1",    "1.2.3.0x4",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host host;

		print_message("%s\n", cases[i]);
		assert_false(host_parse(cases[i], strlen(cases[i]), &host));
	}
}

static void what_is_no_host_is_refused(void **state)
{
	static const char *const cases[] = {
		"",     ".",         "..",        "a..b",         ".a",     "a..",         "a b",
		" a",   "a ",        "a:80",      "u@a",          "a/b",    "a\\b",        "a%2eb",
		"a\tb", "a\nb",      "b\xc3\xbc", "\xe3\x80\x82", "[",      "]",           "[]",
		"[a]",  "[1.2.3.4]", "[::1",      "::1]",         "[::1].", "[fe80::1%1]", "a*b",
		"*.a",  "a,b",       "a?b",       "a#b",          "(a)",    "a'",          "a\"",
		"a;b",  "a=b",       "a+b",       "~a",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host host;

		print_message("%s\n", cases[i]);
		assert_false(host_parse(cases[i], strlen(cases[i]), &host));
	}
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
	static const char name[] = "example.org";

	(void)state;
	for (size_t at = 0; at < sizeof(name); at++) {
		char copy[sizeof(name)];
		struct host host;

		memcpy(copy, name, sizeof(name));
		copy[at] = '\0';
		assert_false(host_parse(copy, sizeof(name), &host));
	}
}

static void lengths_are_bounded(void **state)
{
	char name[300];
	struct host host;

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_true(host_parse(name, 63, &host));
	assert_false(host_parse(name, 64, &host));
	for (size_t i = 63; i < sizeof(name); i += 64)
		name[i] = '.';
	assert_true(host_parse(name, 253, &host));
	assert_int_equal(host.name_len, 253);
	assert_false(host_parse(name, 254, &host));
	name[253] = '.';
	assert_true(host_parse(name, 254, &host));
	assert_false(host_parse(name, 257, &host));
}

static void local_names_are_seen(void **state)
{
	static const struct {
		const char *name;
		bool is_local;
	} cases[] = {
		{"gluetun", true},      {"localhost", true},
		{"a.localhost", true},  {"printer.local", true},
		{"nas.LAN", true},      {"nas.home.", true},
		{"a.b.internal", true}, {"x.home.arpa", true},
		{"x.onion", true},      {"x.corp", true},
		{"x.private", true},    {"x.intranet", true},
		{"x.invalid", true},    {"home.arpa", true},
		{"example.org", false}, {"local.example.org", false},
		{"mylan.net", false},   {"a.notlocal", false},
		{"arpa.net", false},    {"10.0.0.1", false},
		{"::1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host host;

		print_message("%s\n", cases[i].name);
		assert_true(host_parse(cases[i].name, strlen(cases[i].name), &host));
		assert_int_equal(host_is_local_name(&host), cases[i].is_local);
	}
}

static void endpoints_bracket_only_ipv6(void **state)
{
	static const char *const cases[][2] = {
		{"a.example", "a.example:443"}, {"1.2.3.4", "1.2.3.4:443"}, {"::1", "[::1]:443"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[HOST_TEXT_SIZE + 8];
		struct host host;

		assert_true(host_parse(cases[i][0], strlen(cases[i][0]), &host));
		assert_string_equal(host_format_endpoint(&host, 443, out), cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_have_one_form),
		cmocka_unit_test(addresses_in_disguise_are_refused),
		cmocka_unit_test(what_is_no_host_is_refused),
		cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(local_names_are_seen),
		cmocka_unit_test(endpoints_bracket_only_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
