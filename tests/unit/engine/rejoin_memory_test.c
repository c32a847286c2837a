/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What cannot be started is tried less and less; what can be is never kept waiting for an earlier
 * trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/rejoin_memory.h"

static void a_start_that_fails_is_tried_less_and_less(void **state)
{
	static const int64_t delays_ms[] = {5000,   10000,  20000,  40000, 80000,
					    160000, 300000, 300000, 300000};
	struct rejoin_memories memories = {0};
	struct rejoin_memory *memory = rejoin_remember(&memories, "a");
	int64_t now_ms = 7;

	(void)state;
	assert_true(rejoin_may_start(memory, now_ms));
	for (size_t i = 0; i < sizeof(delays_ms) / sizeof(delays_ms[0]); i++) {
		rejoin_note_start(memory, false, now_ms);
		now_ms += delays_ms[i];
		assert_false(rejoin_may_start(memory, now_ms - 1));
		assert_true(rejoin_may_start(memory, now_ms));
	}
}

static void one_that_works_is_never_kept_waiting_for_long(void **state)
{
	struct rejoin_memories memories = {0};
	struct rejoin_memory *memory = rejoin_remember(&memories, "a");
	int64_t now_ms = 0;

	(void)state;
	rejoin_note_start(memory, false, now_ms);
	rejoin_note_start(memory, false, now_ms);
	for (int i = 0; i < 10; i++) {
		rejoin_note_start(memory, true, now_ms);
		assert_false(rejoin_may_start(memory, now_ms + 4999));
		now_ms += 5000;
		assert_true(rejoin_may_start(memory, now_ms));
	}
	rejoin_note_start(memory, false, now_ms);
	assert_true(rejoin_may_start(memory, now_ms + 5000));
}

static void an_owner_that_comes_back_is_a_new_chance(void **state)
{
	struct rejoin_memories memories = {0};
	struct rejoin_memory *memory = rejoin_remember(&memories, "a");

	(void)state;
	for (int i = 0; i < 20; i++)
		rejoin_note_start(memory, false, 0);
	assert_false(rejoin_may_start(memory, 200000));
	rejoin_note_absence(memory, 200000);
	assert_false(rejoin_may_start(memory, 204999));
	assert_true(rejoin_may_start(memory, 205000));
	rejoin_note_absence(memory, 300000); /* no later than it was */
	assert_true(rejoin_may_start(memory, 300000));
	rejoin_note_start(memory, false, 300000);
	assert_true(rejoin_may_start(memory, 305000));
}

static void what_is_behind_no_more_is_forgotten_when_its_next_start_may_come(void **state)
{
	struct rejoin_list *behind = calloc(1, sizeof(*behind));
	struct rejoin_memories memories = {0};

	(void)state;
	assert_non_null(behind);
	snprintf(behind->cases[0].container.id, ENGINE_ID_SIZE, "a");
	behind->count = 1;
	rejoin_note_start(rejoin_remember(&memories, "a"), true, 0);
	rejoin_note_start(rejoin_remember(&memories, "b"), true, 0);
	rejoin_forget(&memories, behind, 4999);
	assert_int_equal(memories.count, 2);
	rejoin_note_start(rejoin_remember(&memories, "c"), false, 4999);
	rejoin_remember(&memories, "a")->said = REJOIN_LEFT;
	rejoin_forget(&memories, behind, 5000);
	assert_int_equal(memories.count, 1);
	assert_int_equal(rejoin_remember(&memories, "a")->said, REJOIN_LEFT);
	free(behind);
}

static void more_than_there_is_room_for_does_no_harm(void **state)
{
	struct rejoin_memories *memories = calloc(1, sizeof(*memories));
	char id[ENGINE_ID_SIZE];

	(void)state;
	assert_non_null(memories);
	for (int i = 0; i < 3 * REJOIN_MEMORIES_MAX; i++) {
		snprintf(id, sizeof(id), "%d", i);
		rejoin_note_start(rejoin_remember(memories, id), false, 0);
		assert_in_range(memories->count, 1, REJOIN_MEMORIES_MAX);
	}
	free(memories);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_that_fails_is_tried_less_and_less),
		cmocka_unit_test(one_that_works_is_never_kept_waiting_for_long),
		cmocka_unit_test(an_owner_that_comes_back_is_a_new_chance),
		cmocka_unit_test(what_is_behind_no_more_is_forgotten_when_its_next_start_may_come),
		cmocka_unit_test(more_than_there_is_room_for_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
