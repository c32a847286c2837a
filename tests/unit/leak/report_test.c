/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the results come to: no error is ever a pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../../src/leak/run.h"

struct outcome {
	const char *says;
	const char *results; /* a letter a test: p s i l */
	bool not_restored;
	const char *problem;
	bool strict;
	enum leak_result overall;
	enum leak_exit code;
};

static const struct outcome outcomes[] = {
	{"all pass", "ppp", false, "", false, LEAK_PASS, LEAK_EXIT_PASS},
	{"a skip is no failure", "psp", false, "", false, LEAK_PASS, LEAK_EXIT_PASS},
	{"unless one is strict", "psp", false, "", true, LEAK_PASS, LEAK_EXIT_INCONCLUSIVE},
	{"strict and all pass", "ppp", false, "", true, LEAK_PASS, LEAK_EXIT_PASS},
	{"nothing tried proves nothing", "sss", false, "", false, LEAK_INCONCLUSIVE,
	 LEAK_EXIT_INCONCLUSIVE},
	{"no test at all", "", false, "", false, LEAK_INCONCLUSIVE, LEAK_EXIT_INCONCLUSIVE},
	{"one undecided", "pip", false, "", false, LEAK_INCONCLUSIVE, LEAK_EXIT_INCONCLUSIVE},
	{"a leak is worse than undecided", "lip", false, "", false, LEAK_FOUND, LEAK_EXIT_LEAK},
	{"and in any order", "pil", false, "", true, LEAK_FOUND, LEAK_EXIT_LEAK},
	{"a problem is no pass", "", false, "no", false, LEAK_INCONCLUSIVE, LEAK_EXIT_PRIVILEGE},
	{"nor when tests passed", "pp", false, "no", false, LEAK_PASS, LEAK_EXIT_PRIVILEGE},
	{"not restored is the loudest", "pl", true, "no", false, LEAK_FOUND,
	 LEAK_EXIT_NOT_RESTORED},
};

static void report_fill(struct leak_report *report, const struct outcome *outcome)
{
	*report = (struct leak_report){.problem_exit = LEAK_EXIT_PRIVILEGE,
				       .not_restored = outcome->not_restored};
	snprintf(report->problem, sizeof(report->problem), "%s", outcome->problem);
	for (const char *letter = outcome->results; *letter != '\0'; letter++)
		report->tests[report->test_count++].result = *letter == 'p'   ? LEAK_PASS
							     : *letter == 's' ? LEAK_SKIP
							     : *letter == 'i' ? LEAK_INCONCLUSIVE
									      : LEAK_FOUND;
}

static void results_come_to_an_exit_code(void **state)
{
	struct leak_report report;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		report_fill(&report, &outcomes[i]);
		if (leak_overall(&report) != outcomes[i].overall)
			fail_msg("%s: %s", outcomes[i].says,
				 leak_result_name(leak_overall(&report)));
		if (leak_exit_code(&report, outcomes[i].strict) != outcomes[i].code)
			fail_msg("%s: exit code %d", outcomes[i].says,
				 (int)leak_exit_code(&report, outcomes[i].strict));
	}
}

static void a_test_that_says_nothing_has_proved_nothing(void **state)
{
	struct leak_report report = {.test_count = 1};

	(void)state;
	test_begin(&report.tests[0], "T9", "kill switch");
	assert_int_equal(leak_overall(&report), LEAK_INCONCLUSIVE);
	test_found(&report.tests[0], LEAK_PASS, "nothing got out");
	assert_int_equal(leak_overall(&report), LEAK_PASS);
	test_found(&report.tests[0], LEAK_FOUND, "but this did");
	test_found(&report.tests[0], LEAK_PASS, "and this did not");
	assert_int_equal(leak_overall(&report), LEAK_FOUND);
	assert_string_equal(report.tests[0].summary, "but this did");
}

static void every_test_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEAK_TESTS; i++) {
		char id[8];

		snprintf(id, sizeof(id), "T%zu", i);
		assert_string_equal(leak_test_id(i), id);
		assert_true(strlen(leak_test_about(i)) > 10);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(leak_test_name(i), leak_test_name(j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_come_to_an_exit_code),
		cmocka_unit_test(a_test_that_says_nothing_has_proved_nothing),
		cmocka_unit_test(every_test_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
