/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SipHash-1-3 against the values of another implementation (CPython 3.11, key 0). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"

static void hashes_are_siphash_1_3(void **state)
{
	static const struct {
		const char *bytes;
		uint64_t hash;
	} cases[] = {
		{"a", 0x407448d2b89b1813},
		{"abcdefg", 0x6db12aae9070f506},
		{"abcdefgh", 0x3f7b849c0b8e35ea},
		{"example.org", 0xedc56ea5d00fff5c},
		{"0123456789abcdef0", 0xf738bb4f30801228},
	};
	struct hash_key key = {0, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(hash_bytes(&key, cases[i].bytes, strlen(cases[i].bytes)) ==
			    cases[i].hash);
}

static void hashes_cannot_be_known_without_the_key(void **state)
{
	struct hash_key a = hash_key_random(), b = hash_key_random();

	(void)state;
	assert_true(a.k0 != b.k0 && a.k1 != b.k1);
	assert_true(hash_bytes(&a, "x", 1) != hash_bytes(&b, "x", 1));
	assert_true(hash_bytes(&a, "x", 1) == hash_bytes(&a, "x", 1));
	assert_true(hash_bytes(&a, "x\0", 2) != hash_bytes(&a, "x", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_siphash_1_3),
		cmocka_unit_test(hashes_cannot_be_known_without_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
