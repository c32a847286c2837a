/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names match as the policy file says, and a million of them stay small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy/domains.h"

static struct domains *domains_of(const char *const *names)
{
	struct hash_key key = hash_key_random();
	struct domains *domains = domains_new(&key);

	assert_non_null(domains);
	for (; *names != NULL; names++) {
		bool below = strncmp(*names, "*.", 2) == 0;
		const char *name = below ? *names + 2 : *names;

		assert_int_equal(domains_add(domains, name, strlen(name), below), 0);
	}
	domains_trim(domains);
	return domains;
}

static void names_match_as_the_file_says(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{"example.org", "example.org", true},
		{"example.org", "www.example.org", false},
		{"example.org", "xample.org", false},
		{"example.org", "notexample.org", false},
		{"example.org", "org", false},
		{"*.example.org", "example.org", true}, /* and the name itself */
		{"*.example.org", "a.example.org", true},
		{"*.example.org", "a.b.c.example.org", true},
		{"*.example.org", "notexample.org", false},
		{"*.example.org", "example.org.evil", false},
		{"*.org", "example.org", true},
		{"*.org", "organ", false},
		{"localhost", "localhost", true},
		{"localhost", "a.localhost", false},
		{"a.a.a.a", "a.a.a.a", true},
		{"a.a.a.a", "a.a.a", false},
		{"a.a.a", "a.a.a.a", false},
		{"*.a.a", "a.a.a.a", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const names[] = {cases[i].pattern, NULL};
		struct domains *domains = domains_of(names);
		bool matches = domains_contain(domains, cases[i].name, strlen(cases[i].name));

		if (matches != cases[i].matches)
			fail_msg("%s against %s", cases[i].name, cases[i].pattern);
		domains_free(domains);
	}
}

static void adding_again_only_widens(void **state)
{
	const char *const names[] = {"example.org", "*.example.org", "example.org", NULL};
	struct domains *domains = domains_of(names);

	(void)state;
	assert_int_equal(domains_count(domains), 1);
	assert_true(domains_contain(domains, "a.example.org", 13));
	domains_free(domains);
}

static void covering_needs_the_same_or_wider(void **state)
{
	const char *const names[] = {"a.example", "*.b.example", NULL};
	struct domains *domains = domains_of(names);

	(void)state;
	assert_true(domains_cover(domains, "a.example", 9, false));
	assert_false(domains_cover(domains, "a.example", 9, true));
	assert_true(domains_cover(domains, "b.example", 9, true));
	assert_true(domains_cover(domains, "x.b.example", 11, true));
	assert_false(domains_cover(domains, "example", 7, true));
	domains_free(domains);
}

static void the_longest_name_with_most_labels_is_no_trouble(void **state)
{
	struct hash_key key = {1, 2};
	struct domains *domains = domains_new(&key);
	char name[HOST_NAME_MAX_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	assert_int_equal(domains_add(domains, name, sizeof(name), false), 0);
	assert_true(domains_contain(domains, name, sizeof(name)));
	assert_false(domains_contain(domains, name + 2, sizeof(name) - 2));
	assert_int_equal(domains_add(domains, name, 0, false), -1);
	assert_int_equal(domains_add(domains, name, sizeof(name) + 1, false), -1);
	domains_free(domains);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int million_name(char *name, size_t size, unsigned i)
{
	return snprintf(name, size, "tracker%u.ads%u.example-%u.com", i, i % 977, i % 31);
}

/* Speed depends on the machine and is only told; memory does not, and is required. */
static void a_million_names_take_at_most_64_bytes_each(void **state)
{
	enum { NAMES = 1000000, LOOKUPS = 200000 };
	struct hash_key key = hash_key_random();
	struct domains *domains = domains_new(&key);
	int64_t start = now_ns(), loaded, looked;
	unsigned found = 0;
	char name[64];

	(void)state;
	for (unsigned i = 0; i < NAMES; i++) {
		int len = million_name(name, sizeof(name), i);

		assert_int_equal(domains_add(domains, name, (size_t)len, i % 3 == 0), 0);
	}
	domains_trim(domains);
	loaded = now_ns();
	for (unsigned i = 0; i < LOOKUPS; i++) {
		/* Every second one is there, far apart from the one before. */
		int len = million_name(name, sizeof(name), (i * 7919U) % (2 * NAMES));

		found += domains_contain(domains, name, (size_t)len);
	}
	looked = now_ns();
	assert_int_equal(domains_count(domains), NAMES);
	assert_in_range(found, LOOKUPS * 4 / 10, LOOKUPS * 6 / 10);
	print_message("%zu bytes a name, loaded in %lld ms, %lld ns a lookup\n",
		      domains_bytes(domains) / NAMES, (long long)(loaded - start) / 1000000,
		      (long long)(looked - loaded) / LOOKUPS);
	assert_true(domains_bytes(domains) <= (size_t)64 * NAMES);
	domains_free(domains);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_match_as_the_file_says),
		cmocka_unit_test(adding_again_only_widens),
		cmocka_unit_test(covering_needs_the_same_or_wider),
		cmocka_unit_test(the_longest_name_with_most_labels_is_no_trouble),
		cmocka_unit_test(a_million_names_take_at_most_64_bytes_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
