/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing borrowed bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include <cmocka.h>

static void spans_compare_by_length_and_bytes(void **state)
{
	(void)state;
	assert_true(span_equals(span_of("abc"), "abc"));
	assert_false(span_equals(span_of("abc"), "ab"));
	assert_false(span_equals(span_of("abc"), "abcd"));
	assert_false(span_equals(span_of("abc"), "ABC"));
	assert_true(span_equals_nocase(span_of("aBc-1"), "AbC-1"));
	assert_false(span_equals_nocase(span_of("abc"), "abcd"));
	assert_false(span_equals((struct span){"ab\0c", 4}, "ab"));
	assert_false(span_equals_nocase((struct span){"ab\0c", 4}, "ab"));
	/* '@' and '`' differ by the same bit as 'A' and 'a'. */
	assert_false(span_equals_nocase(span_of("@["), "`{"));
	assert_false(span_equals_nocase(span_of("\xc3\x84"), "\xc3\xa4"));
}

static void only_the_same_bytes_are_the_same(void **state)
{
	(void)state;
	assert_true(span_same(span_of("a:80"), span_of("a:80")));
	assert_false(span_same(span_of("a:80"), span_of("A:80")));
	assert_false(span_same(span_of("a:8"), span_of("a:80")));
	assert_false(span_same((struct span){"a\0b", 3}, (struct span){"a\0c", 3}));
	assert_true(span_same((struct span){0}, span_of("")));
}

static void no_bytes_at_all_may_be_null(void **state)
{
	(void)state;
	assert_true(span_equals((struct span){0}, ""));
	assert_true(span_equals_nocase((struct span){0}, ""));
	assert_false(span_equals((struct span){0}, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_compare_by_length_and_bytes),
		cmocka_unit_test(only_the_same_bytes_are_the_same),
		cmocka_unit_test(no_bytes_at_all_may_be_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
