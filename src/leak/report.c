/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a test found, and what all of it comes to. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

const char *leak_result_name(enum leak_result result)
{
	switch (result) {
	case LEAK_PASS:
		return "pass";
	case LEAK_SKIP:
		return "skip";
	case LEAK_FOUND:
		return "leak";
	case LEAK_INCONCLUSIVE:
		break;
	}
	return "inconclusive";
}

enum leak_result leak_overall(const struct leak_report *report)
{
	enum leak_result worst = LEAK_PASS;
	size_t skipped = 0;

	for (size_t i = 0; i < report->test_count; i++) {
		enum leak_result result = report->tests[i].result;

		skipped += result == LEAK_SKIP;
		if (result > worst && result != LEAK_SKIP)
			worst = result;
	}
	/* Nothing tried proves nothing. */
	if (worst == LEAK_PASS && skipped == report->test_count)
		return LEAK_INCONCLUSIVE;
	return worst;
}

static bool report_has_skips(const struct leak_report *report)
{
	for (size_t i = 0; i < report->test_count; i++) {
		if (report->tests[i].result == LEAK_SKIP)
			return true;
	}
	return false;
}

enum leak_exit leak_exit_code(const struct leak_report *report, bool strict)
{
	if (report->not_restored)
		return LEAK_EXIT_NOT_RESTORED;
	if (report->problem[0] != '\0')
		return report->problem_exit;
	switch (leak_overall(report)) {
	case LEAK_FOUND:
		return LEAK_EXIT_LEAK;
	case LEAK_INCONCLUSIVE:
		return LEAK_EXIT_INCONCLUSIVE;
	case LEAK_PASS:
	case LEAK_SKIP:
		break;
	}
	return strict && report_has_skips(report) ? LEAK_EXIT_INCONCLUSIVE : LEAK_EXIT_PASS;
}

void test_begin(struct leak_test *test, const char *id, const char *name)
{
	*test = (struct leak_test){.id = id, .name = name, .mode = "", .result = LEAK_INCONCLUSIVE};
}

void test_found(struct leak_test *test, enum leak_result result, const char *format, ...)
{
	va_list args;

	/* The first word of the worst kind stays; of good ones the last, which knows all of it. */
	if (test->summary[0] != '\0' &&
	    (result < test->result || (result == test->result && result != LEAK_PASS)))
		return;
	test->result = result;
	va_start(args, format);
	vsnprintf(test->summary, sizeof(test->summary), format, args);
	va_end(args);
}

void test_cause(struct leak_test *test, const char *fix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(test->cause, sizeof(test->cause), format, args);
	va_end(args);
	snprintf(test->fix, sizeof(test->fix), "%s", fix);
}

const char *run_rules_cure(const struct leak_run *run)
{
	return run->options->is_hub
		       ? "egressctl rules apply hub, or egressd without --no-firewall"
		       : "egressctl rules apply gateway, or egressd without --no-firewall";
}

void test_evidence(struct leak_test *test, const struct sighting *sighting,
		   const struct leak_probe *probe)
{
	struct leak_evidence *evidence = &test->evidence[test->evidence_count];

	test->leaked++;
	if (test->evidence_count == LEAK_EVIDENCE_MAX)
		return;
	test->evidence_count++;
	evidence->at_us = (int64_t)sighting->at.tv_sec * 1000000 + sighting->at.tv_usec;
	snprintf(evidence->device, sizeof(evidence->device), "%s", sighting->device);
	snprintf(evidence->place, sizeof(evidence->place), "%s",
		 witness_place_name(sighting->place));
	frame_format(sighting->frame, sighting->len, evidence->packet);
	if (probe == NULL)
		return;
	snprintf(evidence->probe, sizeof(evidence->probe), "%s", probe->name);
	tag_label(probe->tag, evidence->tag);
}
