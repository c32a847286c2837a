/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Ignored addresses": which match what they seem to, and which match more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "apps/bypass.h"
#include "base/compiler.h"

static void what_matches_more_than_meant_is_seen(void **state)
{
	static const struct {
		const char *entry;
		enum bypass_verdict verdict;
	} cases[] = {
		{"radarr", BYPASS_LOOSE}, /* https://radarr.servarr.com */
		{"radarr.internal", BYPASS_LOOSE},
		{"192.168.1.5", BYPASS_LOOSE}, /* 192.168.1.50 */
		{"http://radarr:7878", BYPASS_LOOSE},
		{"^http://radarr", BYPASS_LOOSE}, /* http://radarr.example.org */
		{"radarr$", BYPASS_LOOSE},
		{"^http://radarr\\$", BYPASS_LOOSE}, /* that dollar is a dollar */
		{"^https?://radarr(:7878)?$", BYPASS_EXACT},
		{"^https?://radarr(:\\d+)?$", BYPASS_EXACT},
		{"^http://192\\.168\\.1\\.5$", BYPASS_EXACT},
		{"^http://192.168.1.5$", BYPASS_WIDE}, /* http://192x168x1x5 */
		{"^http://.*$", BYPASS_WIDE},
		{"^$|^http://a$", BYPASS_WIDE},
		{"^http://\\w+$", BYPASS_WIDE},
		{"^http://[a-z]$", BYPASS_WIDE},
		{"^http://a+$", BYPASS_WIDE},
		{"*.internal", BYPASS_WIDE},
		{"*", BYPASS_WIDE},
		{".", BYPASS_LOOSE},
		{"10.0.0.0/8", BYPASS_EXACT},
		{"172.30.0.10/32", BYPASS_EXACT},
		{"fd00::/8", BYPASS_EXACT},
		{"0.0.0.0/0", BYPASS_PUBLIC},
		{"::/0", BYPASS_PUBLIC},
		{"8.8.8.0/24", BYPASS_PUBLIC},
		{"[", BYPASS_BROKEN},
		{"[]", BYPASS_BROKEN}, /* the bracket is the first of the class */
		{"[^]", BYPASS_BROKEN},
		{"[a\\]", BYPASS_BROKEN},
		{"(a", BYPASS_BROKEN},
		{"a)", BYPASS_BROKEN},
		{"a\\", BYPASS_BROKEN},
		{"+a", BYPASS_BROKEN},
		{"?", BYPASS_BROKEN},
		{"^[]]$", BYPASS_WIDE},
		{"", BYPASS_EXACT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].entry);
		assert_int_equal(bypass_judge(span_of(cases[i].entry)), cases[i].verdict);
		assert_non_null(bypass_reason(cases[i].verdict));
	}
}

static void a_list_is_taken_apart(void **state)
{
	struct span list = span_of(" a ,,\tb c, ,d,");
	struct span entry;

	(void)state;
	assert_true(bypass_next(&list, &entry) && span_equals(entry, "a"));
	assert_true(bypass_next(&list, &entry) && span_equals(entry, "b c"));
	assert_true(bypass_next(&list, &entry) && span_equals(entry, "d"));
	assert_false(bypass_next(&list, &entry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matches_more_than_meant_is_seen),
		cmocka_unit_test(a_list_is_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
