/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cache of answers, with a clock of the test's own. */
#include "../../../src/net/resolver_cache.h"

#include <ares.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/net/resolver_answer.h"

static struct host name_of(const char *name)
{
	struct host host;

	assert_true(host_parse(name, strlen(name), &host));
	return host;
}

static void put(struct resolver_cache *cache, const char *name, int family, uint32_t ttl_s,
		int64_t now_ms)
{
	struct host host = name_of(name);
	struct answer *answer = answer_new();

	assert_non_null(answer);
	answer->ttl_s = ttl_s;
	resolver_cache_put(cache, &host, family, answer, now_ms);
	answer_unref(answer);
}

static bool has(struct resolver_cache *cache, const char *name, int family, int64_t now_ms)
{
	struct host host = name_of(name);

	return resolver_cache_find(cache, &host, family, now_ms) != NULL;
}

static void an_answer_holds_until_its_ttl_ends(void **state)
{
	struct resolver_cache *cache = resolver_cache_new(4);

	(void)state;
	put(cache, "a.example", AF_INET, 60, 1000);
	assert_true(has(cache, "a.example", AF_INET, 60999));
	assert_false(has(cache, "a.example", AF_INET, 61000));
	assert_int_equal(resolver_cache_count(cache), 0);
	resolver_cache_free(cache);
}

static void families_are_kept_apart(void **state)
{
	struct resolver_cache *cache = resolver_cache_new(4);

	(void)state;
	put(cache, "a.example", AF_INET, 60, 0);
	assert_false(has(cache, "a.example", AF_INET6, 0));
	assert_false(has(cache, "a.tes", AF_INET, 0));
	resolver_cache_free(cache);
}

static void a_newer_answer_replaces_the_older(void **state)
{
	struct resolver_cache *cache = resolver_cache_new(4);

	(void)state;
	put(cache, "a.example", AF_INET, 60, 0);
	put(cache, "a.example", AF_INET, 5, 0);
	assert_int_equal(resolver_cache_count(cache), 1);
	assert_false(has(cache, "a.example", AF_INET, 5000));
	resolver_cache_free(cache);
}

static void the_cache_never_outgrows_its_limit_and_the_least_used_goes(void **state)
{
	struct resolver_cache *cache = resolver_cache_new(3);
	char name[32];

	(void)state;
	put(cache, "a.example", AF_INET, 60, 0);
	put(cache, "b.example", AF_INET, 60, 0);
	put(cache, "c.example", AF_INET, 60, 0);
	assert_true(has(cache, "a.example", AF_INET, 0));
	put(cache, "d.example", AF_INET, 60, 0);
	assert_false(has(cache, "b.example", AF_INET, 0));
	assert_true(has(cache, "a.example", AF_INET, 0));
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		put(cache, name, AF_INET, 60, 0);
	}
	assert_int_equal(resolver_cache_count(cache), 3);
	resolver_cache_flush(cache);
	assert_int_equal(resolver_cache_count(cache), 0);
	resolver_cache_free(cache);
}

static void an_answer_outlives_the_cache_for_whoever_holds_it(void **state)
{
	struct resolver_cache *cache = resolver_cache_new(1);
	struct host host = name_of("a.example");
	struct answer *held;

	(void)state;
	put(cache, "a.example", AF_INET, 60, 0);
	held = answer_ref(resolver_cache_find(cache, &host, AF_INET, 0));
	resolver_cache_free(cache);
	assert_int_equal(held->result, LOOKUP_FAILED);
	answer_unref(held);
}

/* A negative answer for "a": header, question, SOA with TTL 600 and minimum 20. */
static const uint8_t negative[] = "\x12\x34\x81\x83\0\1\0\0\0\1\0\0"
				  "\1a\0\0\1\0\1"
				  "\xc0\x0c\0\6\0\1\0\0\2\x58\0\x16\0\0"
				  "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x14";

static void a_no_holds_as_long_as_its_soa_says(void **state)
{
	(void)state;
	assert_int_equal(answer_negative_ttl(negative, sizeof(negative) - 1), 20);
	assert_int_equal(answer_negative_ttl(NULL, 0), 0);
}

/* In memory of its exact size, so that a sanitizer sees a read past the end. */
static void a_cut_or_mutated_no_is_never_read_past_its_end(void **state)
{
	size_t whole = sizeof(negative) - 1;

	(void)state;
	for (size_t len = 0; len < whole; len++) {
		uint8_t *copy = malloc(len == 0 ? 1 : len);

		memcpy(copy, negative, len);
		assert_int_equal(answer_negative_ttl(copy, len), 0);
		free(copy);
	}
	for (unsigned i = 0; i < 256 * whole; i++) {
		uint8_t *copy = malloc(whole);

		memcpy(copy, negative, whole);
		copy[i / 256] = (uint8_t)i;
		(void)answer_negative_ttl(copy, whole);
		free(copy);
	}
}

/* An answer for "a": a CNAME to "b", and the address of that. */
static const uint8_t positive[] = "\x12\x34\x81\x80\0\1\0\2\0\0\0\0"
				  "\1a\0\0\1\0\1"
				  "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\3\1b\0"
				  "\1b\0\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1";

static struct answer *filled(const uint8_t *message, size_t len)
{
	struct answer *answer = answer_new();

	assert_non_null(answer);
	return answer_fill(answer, AF_INET, ARES_SUCCESS, message, len);
}

static void an_answer_holds_for_the_least_ttl_of_its_chain(void **state)
{
	struct answer *answer = filled(positive, sizeof(positive) - 1);

	(void)state;
	assert_int_equal(answer->result, LOOKUP_OK);
	assert_int_equal(answer->count, 1);
	assert_int_equal(answer->ttl_s, 60);
	answer_unref(answer);
}

static void a_mutated_answer_is_survived(void **state)
{
	size_t whole = sizeof(positive) - 1;

	(void)state;
	for (unsigned i = 0; i < 256 * whole; i++) {
		uint8_t *copy = malloc(whole);

		memcpy(copy, positive, whole);
		copy[i / 256] = (uint8_t)i;
		answer_unref(filled(copy, whole));
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_holds_until_its_ttl_ends),
		cmocka_unit_test(families_are_kept_apart),
		cmocka_unit_test(a_newer_answer_replaces_the_older),
		cmocka_unit_test(the_cache_never_outgrows_its_limit_and_the_least_used_goes),
		cmocka_unit_test(an_answer_outlives_the_cache_for_whoever_holds_it),
		cmocka_unit_test(a_no_holds_as_long_as_its_soa_says),
		cmocka_unit_test(a_cut_or_mutated_no_is_never_read_past_its_end),
		cmocka_unit_test(an_answer_holds_for_the_least_ttl_of_its_chain),
		cmocka_unit_test(a_mutated_answer_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
