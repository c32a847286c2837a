/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports: no key is ever in one, whole or cut off; and what is taken back is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "apps/flaresolverr.h"
#include "apps/report.h"

static const struct apps apps = {
	.app = {{.name = "prowlarr", .key = "0123456789abcdef"},
		{.name = "flaresolverr"},
		{.name = "radarr", .key = "fedcba9876543210"}},
};

static void no_key_gets_into_a_report(void **state)
{
	static const char *const cases[] = {
		"0123456789abcdef",
		"x 0123456789abcdef y fedcba9876543210 z 0123456789abcdef0123456789abcdef",
		"the answer was cut off in the middle of apikey=0123456",
		"fedcba98765432100123456789abcdef",
		"\xff 0123456789abcdef \xfe",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct app_report *report = report_new(&apps);
		char *text;

		report_fine(report, &apps.app[0], "%s", cases[i]);
		report_finding(report, &apps.app[0], "id", cases[i], cases[i], "%s", cases[i]);
		report_change(report, &apps.app[0], cases[i], cases[i], cases[i]);
		text = json_dumps(report_items(report), 0);
		assert_non_null(text);
		assert_null(strstr(text, "0123456"));
		assert_null(strstr(text, "fedcba9"));
		free(text);
		report_free(report);
	}
}

static void what_is_taken_back_is_not_counted(void **state)
{
	struct app_report *report = report_new(&apps);
	size_t mark;

	(void)state;
	report_change(report, &apps.app[0], "a", NULL, "b");
	mark = report_mark(report);
	report_change(report, &apps.app[0], "a", "b", "c");
	report_finding(report, &apps.app[0], "id", "why", "cure", "what");
	report_unknown(report, &apps.app[0], "what");
	report_rewind(report, mark);
	assert_int_equal(report_changes(report), 1);
	assert_int_equal(report_findings(report), 0);
	assert_int_equal(report_unknowns(report), 0);
	assert_int_equal(json_array_size(report_items(report)), 1);
	report_free(report);
}

static void a_long_name_is_cut_between_characters(void **state)
{
	char name[200], out[REPORT_SHOWN_SIZE];
	json_t *object;

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name + REPORT_SHOWN_SIZE - 2, "\xc3\xa9", 2);
	name[sizeof(name) - 1] = '\0';
	object = json_pack("{s:s}", "name", name);
	assert_non_null(object);
	assert_int_equal(strlen(report_shown(object, "name", out)), REPORT_SHOWN_SIZE - 2);
	assert_string_equal(report_shown(object, "other", out), "");
	assert_string_equal(report_shown(NULL, "name", out), "");
	json_decref(object);
}

static void an_address_is_found_in_a_page(void **state)
{
	static const struct {
		const char *page, *address;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"<html><body><pre>192.0.2.1\n</pre></body></html>", "192.0.2.1"},
		{"{\"ip\":\"2001:db8::1\"}", "2001:db8::1"},
		{"at 12:34:56 it was 192.0.2.1", "192.0.2.1"},
		{"version 1.2.3 of 1.2.3.4.5", NULL},
		{"", NULL},
		{"<b>Access denied</b>", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;
		char text[ADDRESS_TEXT_SIZE];

		print_message("%s\n", cases[i].page);
		assert_true(echo_find_address(cases[i].page, strlen(cases[i].page), &address) ==
			    (cases[i].address != NULL));
		if (cases[i].address)
			assert_string_equal(address_format(&address, text), cases[i].address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_gets_into_a_report),
		cmocka_unit_test(what_is_taken_back_is_not_counted),
		cmocka_unit_test(a_long_name_is_cut_between_characters),
		cmocka_unit_test(an_address_is_found_in_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
