/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Basic credentials: all of them or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/compiler.h"
#include "proto/http_forward.h"

static bool parse(const char *value, char user[256], char password[256])
{
	size_t user_len = 999, password_len = 999;
	bool parsed = http_parse_basic(span_of(value), user, &user_len, password, &password_len);

	if (parsed) {
		assert_int_equal(strlen(user), user_len);
		assert_int_equal(strlen(password), password_len);
	}
	return parsed;
}

static void good_credentials_are_read(void **state)
{
	static const struct {
		const char *value, *user, *password;
	} cases[] = {
		{"Basic YTpi", "a", "b"},
		{"bAsIc   YTpi", "a", "b"},
		{"Basic YTo=", "a", ""},
		{"Basic OmI=", "", "b"},
		{"Basic Og==", "", ""},
		{"Basic YTpiOmM=", "a", "b:c"},
		{"Basic dXNlcjpww6Rzc3fDtnJk", "user", "p\xc3\xa4ssw\xc3\xb6rd"},
		{"Basic Pz8/Oj4+Pg==", "???", ">>>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char user[256], password[256];

		assert_true(parse(cases[i].value, user, password));
		assert_string_equal(user, cases[i].user);
		assert_string_equal(password, cases[i].password);
	}
}

static void all_others_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"Basic",
		"Basic ",
		"Basic YTpi YTpi",
		"Basic YTpi=",
		"Basic YTo",
		"Basic YTo==",
		"Basic YTp=", /* bits left over */
		"Basic YT=i", /* padding within */
		"Basic ====",
		"Basic YTp*",
		"Basic YTp-",     /* the URL's alphabet */
		"Basic YWI=",     /* no colon */
		"Basic YTpiAGM=", /* a:b NUL c */
		"Basic YQA6Yg==", /* a NUL :b */
		"Basic YTpiCg==", /* a:b LF */
		"Bearer YTpi",
		"Basic\tYTpi",
		"BasicYTpi",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char user[256], password[256];

		print_message("%s\n", cases[i]);
		assert_false(parse(cases[i], user, password));
	}
}

/* "YWFh" is "aaa"; 85 of them are the 255 bytes that fit. */
static void long_credentials_are_refused_not_cut(void **state)
{
	char value[1200] = "Basic ", user[256], password[256];
	size_t len = 6;

	(void)state;
	for (size_t i = 0; i < 85; i++, len += 4)
		memcpy(value + len, "YWFh", 4);
	memcpy(value + len, "OmFh", 5); /* ":aa" */
	assert_true(parse(value, user, password));
	assert_int_equal(strlen(user), 255);
	memcpy(value + len, "YTpi", 5); /* "a:b": one byte too many */
	assert_false(parse(value, user, password));
	for (; len < 1100; len += 4)
		memcpy(value + len, "YWFh", 5);
	assert_false(parse(value, user, password));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_credentials_are_read),
		cmocka_unit_test(all_others_are_refused),
		cmocka_unit_test(long_credentials_are_refused_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
