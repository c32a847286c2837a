/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of password hashes. */
#include "base/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SALT "c2FsdHNhbHRzYWx0c2FsdA"
#define KEY "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE"

/* By Python's hashlib.scrypt(b'correct horse', salt=b'saltsaltsaltsalt', n=1024, r=8, p=1). */
#define KNOWN "$scrypt$ln=10,r=8,p=1$" SALT "$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI"

static void password_known_hash_of_another_program_matches(void **state)
{
	(void)state;
	assert_true(password_matches("correct horse", 13, KNOWN));
	assert_false(password_matches("correct horsf", 13, KNOWN));
	assert_false(password_matches("correct hors", 12, KNOWN));
}

static void password_bytes_after_a_zero_count(void **state)
{
	char hash[PASSWORD_HASH_SIZE];

	(void)state;
	assert_int_equal(password_hash("secret\0tail", 11, hash), 0);
	assert_true(password_hash_is_valid(hash));
	assert_true(password_matches("secret\0tail", 11, hash));
	assert_false(password_matches("secret", 6, hash));
	assert_false(password_matches("secret\0tail", 7, hash));
}

static void password_same_password_never_gives_the_same_hash(void **state)
{
	char first[PASSWORD_HASH_SIZE];
	char second[PASSWORD_HASH_SIZE];

	(void)state;
	assert_int_equal(password_hash("x", 1, first), 0);
	assert_int_equal(password_hash("x", 1, second), 0);
	assert_string_not_equal(first, second);
}

static void password_only_bounded_and_exact_hashes_are_read(void **state)
{
	static const struct {
		const char *hash;
		bool valid;
	} cases[] = {
		{"$scrypt$ln=15,r=8,p=1$" SALT "$" KEY, true},
		{"$scrypt$ln=10,r=1,p=4$" SALT "$" KEY, true},
		{"$scrypt$ln=17,r=16,p=1$" SALT "$" KEY, true},
		{"", false},
		{"secret", false},
		{"$scrypt$", false},
		{"$SCRYPT$ln=15,r=8,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=9,r=8,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=18,r=8,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=99,r=8,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=100,r=8,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=015,r=8,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=+15,r=8,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=15,r=0,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=15,r=17,p=1$" SALT "$" KEY, false},
		{"$scrypt$ln=15,r=8,p=5$" SALT "$" KEY, false},
		{"$scrypt$ln=15,r=8,p=1$$" KEY, false},
		{"$scrypt$ln=15,r=8,p=1$" SALT "$", false},
		{"$scrypt$ln=15,r=8,p=1$" SALT, false},
		{"$scrypt$ln=15,r=8,p=1$c2FsdA$" KEY, false},
		{"$scrypt$ln=15,r=8,p=1$" SALT "==$" KEY, false},
		{"$scrypt$ln=15,r=8,p=1$ " SALT "$" KEY, false},
		{"$scrypt$ln=15,r=8,p=1$" SALT "$" KEY "=", false},
		{"$scrypt$ln=15,r=8,p=1$" SALT "$" KEY "AAAA", false},
		{"$scrypt$ln=15,r=8,p=1$" SALT "$" KEY "\n", false},
		{"$scrypt$ln=15,r=8,p=1$" KEY KEY KEY "$" KEY, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (password_hash_is_valid(cases[i].hash) != cases[i].valid)
			fail_msg("%s", cases[i].hash);
	}
}

static void password_unreadable_hash_matches_nothing(void **state)
{
	(void)state;
	assert_false(password_matches("", 0, ""));
	assert_false(password_matches("secret", 6, "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(password_known_hash_of_another_program_matches),
		cmocka_unit_test(password_bytes_after_a_zero_count),
		cmocka_unit_test(password_same_password_never_gives_the_same_hash),
		cmocka_unit_test(password_only_bounded_and_exact_hashes_are_read),
		cmocka_unit_test(password_unreadable_hash_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
