/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prefixes: what they hold, to the bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/prefix.h"

static struct address address_of(const char *text)
{
	struct address address;

	assert_true(address_parse(text, strlen(text), &address));
	return address;
}

static void prefixes_hold_what_they_say(void **state)
{
	static const struct {
		const char *prefix, *address;
		bool held;
	} cases[] = {
		{"10.0.0.0/8", "10.255.255.255", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.0/8", "::a00:1", false},
		{"192.168.1.128/25", "192.168.1.128", true},
		{"192.168.1.128/25", "192.168.1.127", false},
		{"198.18.0.0/15", "198.19.255.255", true},
		{"198.18.0.0/15", "198.20.0.0", false},
		{"1.2.3.4", "1.2.3.4", true},
		{"1.2.3.4", "1.2.3.5", false},
		{"0.0.0.0/0", "255.1.2.3", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "ffff::", true},
		{"::/0", "1.2.3.4", false},
		{"fd00::/8", "fdff::1", true},
		{"fd00::/8", "fe00::1", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"::1/128", "::1", true},
		{"::1/128", "::", false},
		{"::ffff:10.0.0.0/104", "10.9.9.9", true},
		{"::ffff:10.0.0.0/104", "11.0.0.0", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address = address_of(cases[i].address);
		struct prefix prefix;

		print_message("%s %s\n", cases[i].prefix, cases[i].address);
		assert_true(prefix_parse(cases[i].prefix, strlen(cases[i].prefix), &prefix));
		assert_int_equal(prefix_contains(&prefix, &address), cases[i].held);
	}
}

static void odd_prefixes_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"/",
		"/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/08",
		"10.0.0.0/8 ",
		"10.0.0.0/8/8",
		"10.0.0.1/8",
		"10/8",
		"10.0.0/8",
		"fd00::/129",
		"fd00::1/64",
		"[fd00::]/8",
		"::/256",
		"10.0.0.0/255.0.0.0",
		"::ffff:10.0.0.0/8",
		"::ffff:10.0.0.0/95",
		"::ffff:10.0.0.1/104",
		"::ffff:10.0.0.0/129",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prefix prefix;

		print_message("%s\n", cases[i]);
		assert_false(prefix_parse(cases[i], strlen(cases[i]), &prefix));
	}
}

static void prefixes_print_as_they_were_written(void **state)
{
	static const char *const cases[] = {"10.0.0.0/8", "1.2.3.4", "0.0.0.0/0", "fd00::/8",
					    "::1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prefix prefix;
		char text[PREFIX_TEXT_SIZE];

		assert_true(prefix_parse(cases[i], strlen(cases[i]), &prefix));
		assert_string_equal(prefix_format(&prefix, text), cases[i]);
	}
}

static void masks_have_the_leading_bits(void **state)
{
	static const struct {
		const char *prefix, *mask;
	} cases[] = {
		{"10.0.0.0/8", "255.0.0.0"},    {"172.16.0.0/12", "255.240.0.0"},
		{"1.2.3.4", "255.255.255.255"}, {"0.0.0.0/0", "0.0.0.0"},
		{"fe80::/10", "ffc0::"},        {"::/0", "::"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prefix prefix;
		struct address mask;
		char text[ADDRESS_TEXT_SIZE];

		assert_true(prefix_parse(cases[i].prefix, strlen(cases[i].prefix), &prefix));
		mask = prefix_mask(&prefix);
		assert_string_equal(address_format(&mask, text), cases[i].mask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_hold_what_they_say),
		cmocka_unit_test(odd_prefixes_are_refused),
		cmocka_unit_test(prefixes_print_as_they_were_written),
		cmocka_unit_test(masks_have_the_leading_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
