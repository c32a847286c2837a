/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of the metrics' text. */
#include "control/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void metrics_read_as_prometheus_expects(void **state)
{
	static const char expected[] = "# HELP a_total Things.\n"
				       "# TYPE a_total counter\n"
				       "a_total{client=\"tv\",reason=\"x\"} 18446744073709551615\n"
				       "a_total 0\n"
				       "a_total{reason=\"x\"} 2\n"
				       "a_total 3\n"
				       "# HELP b_seconds When.\n"
				       "# TYPE b_seconds gauge\n"
				       "b_seconds 1700000000.042\n";
	const struct metric_label labels[] = {{"client", "tv"}, {"reason", "x"}};
	const struct metric_label nobody[] = {{"client", NULL}, {"reason", "x"}};
	struct metrics *metrics = metrics_new();
	size_t len = 0;

	(void)state;
	metrics_family(metrics, "a_total", METRIC_COUNTER, "Things.");
	metrics_count(metrics, labels, 2, UINT64_MAX);
	metrics_count(metrics, NULL, 0, 0);
	metrics_count(metrics, nobody, 2, 2);
	metrics_count(metrics, nobody, 1, 3);
	metrics_family(metrics, "b_seconds", METRIC_GAUGE, "When.");
	metrics_seconds(metrics, NULL, 0, 1700000000042);
	assert_string_equal(metrics_text(metrics, &len), expected);
	assert_int_equal(len, sizeof(expected) - 1);
	metrics_free(metrics);
}

static void metrics_no_label_can_forge_a_line(void **state)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
		{"plain", "plain"},
		{"a\"} 1\nb{c=\"", "a\\\"} 1\\nb{c=\\\""},
		{"back\\slash", "back\\\\slash"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"\xff\xc3", "??"},
		{"\xc0\x80", "??"},
		{"\xed\xa0\x80", "???"},
		{"\xf4\x90\x80\x80", "????"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct metric_label label = {"l", cases[i].value};
		struct metrics *metrics = metrics_new();
		char expected[128] = "# HELP m M.\n# TYPE m gauge\nm{l=\"";
		size_t len;

		strcat(strcat(expected, cases[i].written), "\"} 1\n");
		metrics_family(metrics, "m", METRIC_GAUGE, "M.");
		metrics_count(metrics, &label, 1, 1);
		assert_string_equal(metrics_text(metrics, &len), expected);
		metrics_free(metrics);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_read_as_prometheus_expects),
		cmocka_unit_test(metrics_no_label_can_forge_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
