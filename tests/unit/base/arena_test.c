/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces are aligned, zeroed, and huge ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"

static void pieces_are_zeroed_and_aligned(void **state)
{
	struct arena arena = {0};

	(void)state;
	for (size_t size = 0; size < 40000; size = size * 2 + 1) {
		unsigned char *piece = arena_take(&arena, size);

		assert_non_null(piece);
		assert_int_equal((uintptr_t)piece % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0xff, size);
	}
	assert_string_equal(arena_copy(&arena, "word and more", 4), "word");
	arena_clear(&arena);
	arena_clear(&arena);
}

static void a_product_that_overflows_is_refused(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_null(arena_take_array(&arena, SIZE_MAX / 2, 3));
	assert_null(arena_take(&arena, SIZE_MAX - 1));
	arena_clear(&arena);
}

static void an_array_keeps_what_it_has_while_it_grows(void **state)
{
	int *numbers = NULL;

	(void)state;
	for (size_t count = 0; count < 1000; count++) {
		numbers = array_more(numbers, count, sizeof(*numbers));
		assert_non_null(numbers);
		assert_int_equal(numbers[count], 0);
		numbers[count] = (int)count;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], (int)i);
	free(numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_and_aligned),
		cmocka_unit_test(a_product_that_overflows_is_refused),
		cmocka_unit_test(an_array_keeps_what_it_has_while_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
