/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounded text and its JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/text.h"

static void what_does_not_fit_is_dropped_and_remembered(void **state)
{
	char bytes[6] = {1, 1, 1, 1, 1, 'z'};
	struct text text;

	(void)state;
	text_init(&text, bytes, 5);
	assert_string_equal(text.bytes, "");
	text_add(&text, "ab");
	text_add_bytes(&text, NULL, 0);
	text_add_char(&text, 'c');
	text_add_format(&text, "%d", 4);
	assert_string_equal(text.bytes, "abc4");
	assert_false(text.truncated);
	text_add_format(&text, "%s", "");
	assert_false(text.truncated);
	text_add_char(&text, 'x');
	assert_true(text.truncated);
	text_add_format(&text, "%s", "yy");
	assert_string_equal(text.bytes, "abc4");
	assert_int_equal(text.len, 4);
	assert_int_equal(bytes[5], 'z');
	text_init(&text, bytes, 5);
	text_add_format(&text, "%s", "12345");
	assert_string_equal(text.bytes, "1234");
	assert_true(text.truncated);
	text_init(&text, bytes, 1);
	text_add(&text, "x");
	assert_string_equal(text.bytes, "");
}

static void numbers_stand_whole_at_both_ends_of_their_range(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} cases[] = {
		{0, "0"},
		{7, "7"},
		{-10, "-10"},
		{4294967296, "4294967296"},
		{INT64_MAX, "9223372036854775807"},
		{INT64_MIN, "-9223372036854775808"},
	};
	char bytes[32];
	struct text text;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		text_init(&text, bytes, sizeof(bytes));
		text_add_number(&text, cases[i].number);
		assert_string_equal(text.bytes, cases[i].text);
	}
}

/* Half of one would be another number. */
static void a_number_that_does_not_fit_leaves_nothing(void **state)
{
	(void)state;
	for (size_t size = 1; size < 8; size++) {
		char bytes[8] = {1, 1, 1, 1, 1, 1, 1, 'z'};
		struct text text;

		text_init(&text, bytes, size);
		text_add_number(&text, -1234);
		assert_int_equal(text.truncated, size < 6);
		assert_string_equal(text.bytes, size < 6 ? "" : "-1234");
		assert_int_equal(bytes[7], 'z');
	}
}

static void json_has_no_byte_that_could_end_it(void **state)
{
	char bytes[128];
	struct text text;

	(void)state;
	text_init(&text, bytes, sizeof(bytes));
	text_add_json(&text, "a\"b\\c\nd\0e\x7f\xc3\x1f/", 13);
	assert_string_equal(text.bytes, "a\\\"b\\\\c\\nd\\u0000e\\u007f\\u00c3\\u001f/");
}

static void every_byte_that_json_cannot_hold_is_escaped(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		bool plain = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
		char bytes[8], value = (char)byte;
		struct text text;

		text_init(&text, bytes, sizeof(bytes));
		text_add_json(&text, &value, 1);
		assert_int_equal(text.len == 1, plain);
		assert_int_equal(bytes[0], plain ? value : '\\');
	}
}

static void json_is_never_cut_within_an_escape(void **state)
{
	(void)state;
	for (size_t size = 1; size < 20; size++) {
		char bytes[20];
		struct text text;

		text_init(&text, bytes, size);
		text_add_json(&text, "\x01\x02\"", 3);
		assert_int_equal(text.truncated, size < 15);
		assert_int_equal(text.len, size < 7 ? 0 : size < 13 ? 6 : size < 15 ? 12 : 14);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_dropped_and_remembered),
		cmocka_unit_test(numbers_stand_whole_at_both_ends_of_their_range),
		cmocka_unit_test(a_number_that_does_not_fit_leaves_nothing),
		cmocka_unit_test(json_has_no_byte_that_could_end_it),
		cmocka_unit_test(every_byte_that_json_cannot_hold_is_escaped),
		cmocka_unit_test(json_is_never_cut_within_an_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
