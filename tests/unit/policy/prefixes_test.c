/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of addresses: edges, joins, both families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "policy/prefixes.h"

static struct prefixes *prefixes_of(const char *const *texts)
{
	struct prefixes *prefixes = prefixes_new();
	struct prefix prefix;

	assert_non_null(prefixes);
	for (; *texts != NULL; texts++) {
		assert_true(prefix_parse(*texts, strlen(*texts), &prefix));
		assert_int_equal(prefixes_add(prefixes, &prefix), 0);
	}
	prefixes_seal(prefixes);
	return prefixes;
}

static const char *const several[] = {"192.168.1.0/24", "10.0.0.0/8",      "10.1.0.0/16",
				      "1.2.3.4",        "1.2.3.5",         "fd00::/8",
				      "::/128",         "255.255.255.255", NULL};

static void addresses_are_found_at_the_edges(void **state)
{
	static const struct {
		const char *address;
		bool contained;
	} cases[] = {
		{"10.0.0.0", true},
		{"10.255.255.255", true},
		{"9.255.255.255", false},
		{"11.0.0.0", false},
		{"192.168.1.255", true},
		{"192.168.2.0", false},
		{"1.2.3.3", false},
		{"1.2.3.4", true},
		{"1.2.3.5", true},
		{"1.2.3.6", false},
		{"255.255.255.255", true},
		{"0.0.0.0", false},
		{"fd00::", true},
		{"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"fe00::", false},
		{"::", true},
		{"::1", false},
		{"fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	};
	struct prefixes *prefixes = prefixes_of(several);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;

		assert_true(address_parse(cases[i].address, strlen(cases[i].address), &address));
		if (prefixes_contain(prefixes, &address) != cases[i].contained)
			fail_msg("%s", cases[i].address);
	}
	/* 10/8 swallows 10.1/16, and the two single addresses join. */
	assert_int_equal(prefixes_count(prefixes), 6);
	prefixes_free(prefixes);
}

static void everything_is_one_range(void **state)
{
	const char *const halves[] = {"128.0.0.0/1", "0.0.0.0/1", "8000::/1", "::/1", NULL};
	const char *const both[] = {"0.0.0.0/0", "::/0", NULL};
	struct prefixes *prefixes = prefixes_of(halves), *all = prefixes_of(both);

	(void)state;
	assert_int_equal(prefixes_count(prefixes), 2);
	assert_true(prefixes_cover_all(prefixes, all));
	prefixes_free(prefixes);
	prefixes_free(all);
}

static void covering_sees_through_joins(void **state)
{
	const char *const quarters[] = {"10.0.0.0/10", "10.64.0.0/10", "10.128.0.0/9", NULL};
	const char *const wide[] = {"10.0.0.0/8", NULL};
	const char *const wider[] = {"10.0.0.0/8", "::1", NULL};
	struct prefixes *split = prefixes_of(quarters), *whole = prefixes_of(wide);
	struct prefixes *more = prefixes_of(wider);

	(void)state;
	assert_true(prefixes_cover_all(split, whole));
	assert_true(prefixes_cover_all(whole, split));
	assert_true(prefixes_cover_all(more, whole));
	assert_false(prefixes_cover_all(whole, more));
	prefixes_free(split);
	prefixes_free(whole);
	prefixes_free(more);
}

static void nothing_is_in_an_empty_set(void **state)
{
	const char *const none[] = {NULL};
	struct prefixes *prefixes = prefixes_of(none);
	struct address address = {.family = AF_UNSPEC};

	(void)state;
	assert_false(prefixes_contain(prefixes, &address));
	address.family = AF_INET;
	assert_false(prefixes_contain(prefixes, &address));
	prefixes_free(prefixes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_found_at_the_edges),
		cmocka_unit_test(everything_is_one_range),
		cmocka_unit_test(covering_sees_through_joins),
		cmocka_unit_test(nothing_is_in_an_empty_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
