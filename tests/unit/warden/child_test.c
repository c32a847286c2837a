/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a proxy that dies is waited for, and what its end is called. */
#include "../../../src/warden/child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static void a_proxy_that_keeps_dying_is_started_ever_more_rarely(void **state)
{
	static const unsigned expected[] = {100,  200,  400,   800,   1600,
					    3200, 6400, 10000, 10000, 10000};
	struct child child = {.started_at_ms = clock_monotonic_ms()};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_int_equal(child_next_wait_ms(&child), expected[i]);
	child.started_at_ms -= 60 * 1000;
	assert_int_equal(child_next_wait_ms(&child), 100);
}

static int end_of(int signal_number, int code, char words[80])
{
	struct child child = {.pid = fork(), .channel = -1};
	siginfo_t info;
	int status = 0;

	if (child.pid == 0) {
		if (signal_number != 0)
			raise(signal_number);
		_exit(code);
	}
	/* Waits for the end, and leaves it to be collected. */
	assert_int_equal(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(child_has_ended(&child, &status, words));
	assert_int_equal(child.pid, 0);
	assert_false(child_has_ended(&child, &status, words));
	return child_exit_code(status);
}

static void its_end_is_told_and_passed_on(void **state)
{
	char words[80];

	(void)state;
	assert_int_equal(end_of(0, 3, words), 3);
	assert_string_equal(words, "ended with status 3");
	assert_int_equal(end_of(SIGKILL, 0, words), 1);
	assert_string_equal(words, "killed by signal 9 (Killed)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proxy_that_keeps_dying_is_started_ever_more_rarely),
		cmocka_unit_test(its_end_is_told_and_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
