/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring between a thread that logs and the one that writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/base/log_ring.h"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct log_ring));
	return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* Lines of growing lengths, so that every kind of one stands across the end. */
static size_t make_line(char line[200], unsigned number)
{
	int len = snprintf(
		line, 200, "%u %.*s\n", number, (int)(number % 151),
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

	return (size_t)len;
}

/* Each is whole and the next one in order. */
static void expect_lines(const char *bytes, size_t len, unsigned *number)
{
	char line[200];

	for (size_t at = 0; at < len; (*number)++) {
		size_t line_len = make_line(line, *number);

		assert_true(line_len <= len - at);
		assert_memory_equal(bytes + at, line, line_len);
		at += line_len;
	}
}

static void a_line_across_the_end_comes_back_whole(void **state)
{
	struct log_ring *ring = *state;
	char line[200], bytes[4096];
	unsigned put = 0, taken = 0;

	for (size_t total = 0; total < 5 * LOG_RING_SIZE;) {
		for (int i = 0; i < 37; i++) {
			size_t len = make_line(line, put++);

			assert_true(log_ring_put(ring, line, len));
			total += len;
		}
		while (!log_ring_is_empty(ring))
			expect_lines(bytes, log_ring_take(ring, bytes, sizeof(bytes)), &taken);
	}
	assert_int_equal(taken, put);
	assert_int_equal(ring->lost, 0);
}

static void a_full_ring_loses_new_lines_and_counts_them(void **state)
{
	struct log_ring *ring = *state;
	char line[200], *bytes = malloc(LOG_RING_SIZE);
	unsigned put = 0, taken = 0;
	size_t len;

	assert_non_null(bytes);
	while (log_ring_put(ring, line, make_line(line, put)))
		put++;
	assert_int_equal(ring->lost, 1);
	assert_false(log_ring_put(ring, line, 199));
	assert_int_equal(ring->lost, 2);
	/* All that were in time are there, and with room it goes on. */
	len = log_ring_take(ring, bytes, LOG_RING_SIZE);
	assert_true(len > LOG_RING_SIZE - 200);
	expect_lines(bytes, len, &taken);
	assert_int_equal(taken, put);
	assert_true(log_ring_put(ring, line, make_line(line, put)));
	expect_lines(bytes, log_ring_take(ring, bytes, LOG_RING_SIZE), &taken);
	assert_int_equal(taken, put + 1);
	assert_int_equal(ring->lost, 2);
	free(bytes);
}

static void what_is_taken_ends_with_a_line(void **state)
{
	struct log_ring *ring = *state;
	char bytes[10];

	assert_true(log_ring_put(ring, "one\n", 4));
	assert_true(log_ring_put(ring, "two\n", 4));
	assert_true(log_ring_put(ring, "three\n", 6));
	assert_int_equal(log_ring_take(ring, bytes, sizeof(bytes)), 8);
	assert_memory_equal(bytes, "one\ntwo\n", 8);
	assert_int_equal(log_ring_take(ring, bytes, 6), 6);
	assert_memory_equal(bytes, "three\n", 6);
	assert_int_equal(log_ring_take(ring, bytes, sizeof(bytes)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_across_the_end_comes_back_whole, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_full_ring_loses_new_lines_and_counts_them, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_taken_ends_with_a_line, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
