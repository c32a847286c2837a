/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a leak test found: for people, and as one document. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "egressctl/leak_test.h"
#include "egressctl/print.h"

/* --- the document --- */

static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? json_words(text) : json_null();
}

static json_t *evidence_json(const struct leak_test *test)
{
	json_t *list = json_array();

	for (size_t i = 0; i < test->evidence_count; i++) {
		const struct leak_evidence *evidence = &test->evidence[i];

		json_array_append_new(list, json_pack("{s:I, s:o, s:s, s:s, s:o, s:o}", "at_us",
						      (json_int_t)evidence->at_us, "device",
						      json_words(evidence->device), "place",
						      evidence->place, "packet", evidence->packet,
						      "probe", text_or_null(evidence->probe), "tag",
						      text_or_null(evidence->tag)));
	}
	return list;
}

static json_t *test_json(const struct leak_test *test)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:i, s:i, s:i, s:i, s:I, s:o, s:o, s:o, s:o}", "id",
			 test->id, "name", test->name, "mode", text_or_null(test->mode), "result",
			 leak_result_name(test->result), "probes", (int)test->probes, "controls",
			 (int)test->controls, "leaked_packets", (int)test->leaked, "repeats",
			 (int)test->repeats, "duration_ms", (json_int_t)test->duration_ms,
			 "summary", json_words(test->summary), "cause", text_or_null(test->cause),
			 "fix", text_or_null(test->fix), "evidence", evidence_json(test));
}

json_t *leak_report_json(const struct leak_report *report, bool strict)
{
	json_t *tests = json_array();

	for (size_t i = 0; i < report->test_count; i++)
		json_array_append_new(tests, test_json(&report->tests[i]));
	return json_pack(
		"{s:i, s:I, s:I, s:{s:o, s:o}, s:{s:s, s:o, s:b, s:o, s:I, s:I, s:I}, s:{s:s, s:s, "
		"s:b, s:I, s:I}, s:b, s:o, s:s, s:i}",
		"schema", 1, "started_ms", (json_int_t)report->started_ms, "duration_ms",
		(json_int_t)report->duration_ms, "gateway", "tunnels", json_words(report->devices),
		"uplink", text_or_null(report->uplink), "witness", "method", "pcap", "watched",
		json_words(report->watched), "control_seen", report->control_seen, "carrier",
		text_or_null(report->carrier), "carrier_packets",
		(json_int_t)report->carrier_packets, "other_packets",
		(json_int_t)report->other_packets, "lost_packets", (json_int_t)report->lost_packets,
		"ruleset", "table", report->table, "state", report->rules, "owned", report->owned,
		"generation_before", (json_int_t)report->generation_before, "generation_after",
		(json_int_t)report->generation_after, "restored", !report->not_restored, "tests",
		tests, "result", leak_result_name(leak_overall(report)), "exit_code",
		(int)leak_exit_code(report, strict));
}

/* --- for people --- */

static const char *result_word(enum leak_result result)
{
	switch (result) {
	case LEAK_PASS:
		return "PASS";
	case LEAK_SKIP:
		return "SKIP";
	case LEAK_FOUND:
		return "LEAK";
	case LEAK_INCONCLUSIVE:
		break;
	}
	return "INCONCLUSIVE";
}

static enum style result_style(enum leak_result result)
{
	switch (result) {
	case LEAK_PASS:
		return STYLE_GOOD;
	case LEAK_SKIP:
		return STYLE_DIM;
	case LEAK_FOUND:
		return STYLE_BAD;
	case LEAK_INCONCLUSIVE:
		break;
	}
	return STYLE_WARN;
}

static void evidence_print(const struct leak_evidence *evidence)
{
	time_t at = (time_t)(evidence->at_us / 1000000);
	char clock[16] = "";
	struct tm local;

	if (localtime_r(&at, &local) != NULL)
		strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	printf("%36s%s %s ", "", clock, evidence->device);
	print_clean(evidence->packet);
	putchar('\n');
}

static void note_print(const char *label, const char *words)
{
	if (words[0] == '\0')
		return;
	printf("%36s%-7s", "", label);
	print_clean(words);
	putchar('\n');
}

void leak_report_print_test(const struct leak_test *test)
{
	char word[32];

	snprintf(word, sizeof(word), "%-13s", result_word(test->result));
	printf(" %-4s %-15s ", test->id, test->name);
	print_styled(result_style(test->result), word);
	print_clean(test->summary);
	putchar('\n');
	for (size_t i = 0; i < test->evidence_count; i++)
		evidence_print(&test->evidence[i]);
	if (test->result == LEAK_PASS || test->result == LEAK_SKIP)
		return;
	note_print("cause", test->cause);
	note_print("fix", test->fix);
}

static void tests_print(const struct leak_report *report, enum leak_result result,
			const char *words)
{
	size_t count = 0;

	for (size_t i = 0; i < report->test_count; i++) {
		if (report->tests[i].result != result)
			continue;
		printf("%s%s", count++ == 0 ? words : " ", report->tests[i].id);
	}
}

/* safe, leaking or undecided. */
static void verdict_print(const struct leak_report *report, bool strict)
{
	static const char *const words[] = {
		[LEAK_EXIT_PASS] = "SAFE: nothing got around the tunnel",
		[LEAK_EXIT_LEAK] = "LEAKING",
		[LEAK_EXIT_INCONCLUSIVE] = "UNDECIDED: not everything was proved",
		[LEAK_EXIT_USAGE] = "UNDECIDED",
		[LEAK_EXIT_PRIVILEGE] = "UNDECIDED: a privilege is missing",
		[LEAK_EXIT_NOT_RESTORED] = "NOT RESTORED: the tunnel is not as it was",
	};
	enum leak_exit code = leak_exit_code(report, strict);

	print_styled(code == LEAK_EXIT_PASS           ? STYLE_GOOD
		     : code == LEAK_EXIT_INCONCLUSIVE ? STYLE_WARN
						      : STYLE_BAD,
		     words[code]);
	tests_print(report, LEAK_FOUND, "; leaking: ");
	tests_print(report, LEAK_INCONCLUSIVE, "; undecided: ");
	tests_print(report, LEAK_SKIP, "; not tested: ");
	printf("; %.1f s, exit code %d\n", (double)report->duration_ms / 1000, (int)code);
}

void leak_report_print(const struct leak_report *report, bool strict)
{
	printf("\n tunnel %s; watched: %s\n", report->devices, report->watched);
	if (report->carrier[0] != '\0')
		printf(" besides the probes: %llu packets to %s (the tunnel itself, most likely), "
		       "%llu others\n",
		       (unsigned long long)report->carrier_packets, report->carrier,
		       (unsigned long long)report->other_packets);
	verdict_print(report, strict);
}
