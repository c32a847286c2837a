/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses: what is one, and how it prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <string.h>

#include "base/address.h"

static void addresses_print_in_one_way(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{"1.2.3.4", "1.2.3.4"},
		{"255.255.255.255", "255.255.255.255"},
		{"0.0.0.0", "0.0.0.0"},
		{"::", "::"},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"::ffff:10.0.0.1", "10.0.0.1"},
		{"::ffff:a00:1", "10.0.0.1"},
		{"::ffff:0:a00:1", "::ffff:0:a00:1"},
		{"0:0:0:0:0:ffff:127.0.0.1", "127.0.0.1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;
		char text[ADDRESS_TEXT_SIZE];

		assert_true(address_parse(cases[i].text, strlen(cases[i].text), &address));
		assert_string_equal(address_format(&address, text), cases[i].printed);
		assert_int_equal(address.port, 0);
	}
}

static void what_only_some_readers_take_for_an_address_is_none(void **state)
{
	static const char *const cases[] = {
		"",
		"1",
		"127.1",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.4.",
		"01.2.3.4",
		"1.2.3.04",
		"0x7f.0.0.1",
		"1.2.3.256",
		"1.2.3.-4",
		"+1.2.3.4",
		" 1.2.3.4",
		"1.2.3.4 ",
		"1.2.3.4/32",
		"1.2.3.4:5",
		"2130706433",
		"[::1]",
		"fe80::1%1",
		"::1%eth0",
		":::",
		"1::2::3",
		"12345::",
		"::1.2.3",
		"::g",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;

		print_message("%s\n", cases[i]);
		assert_false(address_parse(cases[i], strlen(cases[i]), &address));
	}
	assert_false(address_parse("1.2.3.4\0", 8, &(struct address){0}));
	assert_false(address_parse("1.2.3.4\0x", 9, &(struct address){0}));
	assert_true(address_parse("1.2.3.45", 7, &(struct address){0}));
}

static void ports_are_strict(void **state)
{
	static const struct {
		const char *text;
		int port; /* -1: none */
	} cases[] = {
		{"0", 0},      {"1", 1},       {"80", 80},         {"65535", 65535}, {"65536", -1},
		{"65616", -1}, {"99999", -1},  {"", -1},           {"+80", -1},      {"-1", -1},
		{"080", -1},   {"00", -1},     {"80 ", -1},        {" 80", -1},      {"80abc", -1},
		{"0x50", -1},  {"100000", -1}, {"4294967376", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint16_t port = 7;

		print_message("%s\n", cases[i].text);
		assert_int_equal(port_parse(cases[i].text, strlen(cases[i].text), &port),
				 cases[i].port >= 0);
		assert_int_equal(port, cases[i].port >= 0 ? cases[i].port : 7);
	}
}

static void endpoints_need_both_halves(void **state)
{
	static const char *const good[] = {"1.2.3.4:80", "[::1]:80", "[2001:db8::1]:65535",
					   "0.0.0.0:0"};
	static const char *const bad[] = {
		"",        ":80",          "1.2.3.4", "1.2.3.4:", "[::1]",       "::1:80",  "[]:80",
		"[::1]80", "[1.2.3.4]:80", "[::1:80", "::1]:80",  "1.2.3.4:80x", "host:80",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct address address;
		char text[ADDRESS_TEXT_SIZE];

		assert_true(address_parse_endpoint(good[i], strlen(good[i]), &address));
		assert_string_equal(address_format_endpoint(&address, text), good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct address address;

		print_message("%s\n", bad[i]);
		assert_false(address_parse_endpoint(bad[i], strlen(bad[i]), &address));
	}
}

static void the_kernels_addresses_survive_the_way_there_and_back(void **state)
{
	static const char *const texts[] = {"1.2.3.4:80", "[2001:db8::1]:65535"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct sockaddr_storage storage;
		struct address address, back;
		socklen_t len;

		assert_true(address_parse_endpoint(texts[i], strlen(texts[i]), &address));
		len = address_to_sockaddr(&address, &storage);
		back = address_from_sockaddr((const struct sockaddr *)&storage, len);
		assert_true(address_equals_endpoint(&address, &back));
		back.port++;
		assert_true(address_equals(&address, &back));
		assert_false(address_equals_endpoint(&address, &back));
		assert_int_equal(
			address_from_sockaddr((const struct sockaddr *)&storage, len - 1).family,
			AF_UNSPEC);
	}
}

static void a_mapped_peer_is_seen_as_ipv4(void **state)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
	struct sockaddr unix_peer = {.sa_family = AF_UNIX};
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.1", &in6.sin6_addr), 1);
	address = address_from_sockaddr((const void *)&in6, sizeof(in6));
	assert_string_equal(address_format_endpoint(&address, text), "10.0.0.1:80");
	assert_int_equal(address_len(&address), 4);
	address = address_from_sockaddr(&unix_peer, sizeof(unix_peer));
	assert_int_equal(address.family, AF_UNSPEC);
	assert_int_equal(address_len(&address), 0);
	assert_string_equal(address_format_endpoint(&address, text), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_print_in_one_way),
		cmocka_unit_test(what_only_some_readers_take_for_an_address_is_none),
		cmocka_unit_test(ports_are_strict),
		cmocka_unit_test(endpoints_need_both_halves),
		cmocka_unit_test(the_kernels_addresses_survive_the_way_there_and_back),
		cmocka_unit_test(a_mapped_peer_is_seen_as_ipv4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
