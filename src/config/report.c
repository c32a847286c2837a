/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collects what is wrong with a policy file and prints it as a compiler would. */
#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"

enum {
	REPORT_ERRORS_MAX = 20,
	REPORT_WARNINGS_MAX = 50,
	REPORT_MESSAGE_SIZE = 512,
	REPORT_SHOWN_MAX = 160, /* bytes of a line; longer ones are cut around the caret */
	REPORT_BEFORE_CARET = 60,
};

struct config_report {
	struct arena arena;
	struct config_problem *problems;
	size_t kept;
	size_t counts[2]; /* by level */
};

struct config_report *config_report_new(void)
{
	return calloc(1, sizeof(struct config_report));
}

void config_report_free(struct config_report *report)
{
	if (report == NULL)
		return;
	arena_clear(&report->arena);
	free(report->problems);
	free(report);
}

/* Whoever reads the report need not know the password of a proxy: "://user:password@" is starred.
 */
static void report_hide_login(char *text)
{
	for (char *url = strstr(text, "://"); url != NULL; url = strstr(url, "://")) {
		size_t len;
		char *at;

		url += 3;
		len = strcspn(url, " \t,\"'");
		at = memrchr(url, '@', len);
		if (at != NULL)
			memset(url, '*', (size_t)(at - url));
	}
}

static const char *report_copy(struct config_report *report, const char *bytes, size_t len)
{
	char *copy = arena_copy(&report->arena, bytes, len);

	if (copy == NULL)
		return "";
	/* What the file says goes to a terminal: no escape sequences. */
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)copy[i];

		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			copy[i] = '?';
	}
	report_hide_login(copy);
	return copy;
}

static const size_t report_limits[] = {
	[PROBLEM_ERROR] = REPORT_ERRORS_MAX,
	[PROBLEM_WARNING] = REPORT_WARNINGS_MAX,
};

void config_report_add(struct config_report *report, enum problem_level level,
		       const struct place *place, const char *hint, const char *format, ...)
{
	char message[REPORT_MESSAGE_SIZE];
	struct config_problem *problems;
	va_list args;

	if (report->counts[level]++ >= report_limits[level])
		return;
	problems = array_more(report->problems, report->kept, sizeof(*problems));
	if (problems == NULL)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	report->problems = problems;
	problems[report->kept++] = (struct config_problem){
		.level = level,
		.line = place->line,
		.column = place->column,
		.width = place->width,
		.message = report_copy(report, message, strlen(message)),
		.source = report_copy(report, place->source == NULL ? "" : place->source,
				      place->source_len),
		.hint = hint == NULL ? NULL : report_copy(report, hint, strlen(hint)),
	};
}

size_t config_report_count(const struct config_report *report, enum problem_level level)
{
	return report->counts[level];
}

size_t config_report_total(const struct config_report *report)
{
	return report->kept;
}

const struct config_problem *config_report_at(const struct config_report *report, size_t index)
{
	return index < report->kept ? &report->problems[index] : NULL;
}

static bool report_continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The part of the line that is shown, on whole characters. */
static void report_window(const struct config_problem *problem, size_t *start, size_t *end)
{
	size_t len = strlen(problem->source);

	*start = 0;
	*end = len;
	if (len <= REPORT_SHOWN_MAX)
		return;
	if (problem->column > REPORT_BEFORE_CARET + 1)
		*start = problem->column - 1 - REPORT_BEFORE_CARET;
	if (*start > len - REPORT_SHOWN_MAX)
		*start = len - REPORT_SHOWN_MAX;
	*end = *start + REPORT_SHOWN_MAX;
	while (*start > 0 && report_continues_character(problem->source[*start]))
		(*start)--;
	while (*end < len && report_continues_character(problem->source[*end]))
		(*end)++;
}

/* TABs are kept, so that the caret stands under its word whatever a TAB is worth. */
static void report_print_caret(FILE *out, const struct config_problem *problem, size_t start,
			       size_t end)
{
	size_t at = problem->column - 1, last = at + (problem->width == 0 ? 1 : problem->width);

	fputs(start > 0 ? "      | ..." : "      | ", out);
	for (size_t i = start; i < at && i < end; i++) {
		if (!report_continues_character(problem->source[i]))
			fputc(problem->source[i] == '\t' ? '\t' : ' ', out);
	}
	fputc('^', out);
	for (size_t i = at + 1; i < last && i < end; i++) {
		if (!report_continues_character(problem->source[i]))
			fputc('~', out);
	}
	fputc('\n', out);
}

static void report_print(FILE *out, const struct config_problem *problem, const char *path)
{
	const char *level = problem->level == PROBLEM_ERROR ? "error" : "warning";
	size_t start, end;

	if (problem->line == 0) {
		fprintf(out, "%s: %s: %s\n", path, level, problem->message);
	} else {
		report_window(problem, &start, &end);
		fprintf(out, "%s:%u:%u: %s: %s\n", path, problem->line, problem->column, level,
			problem->message);
		fprintf(out, "%5u | %s%.*s%s\n", problem->line, start > 0 ? "..." : "",
			(int)(end - start), problem->source + start,
			end < strlen(problem->source) ? "..." : "");
		report_print_caret(out, problem, start, end);
	}
	if (problem->hint != NULL)
		fprintf(out, "      = %s\n", problem->hint);
}

char *config_report_text(const struct config_report *report, const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < report->kept; i++)
		report_print(out, &report->problems[i], path);
	if (report->counts[PROBLEM_ERROR] > REPORT_ERRORS_MAX)
		fprintf(out, "%s: %zu more errors\n", path,
			report->counts[PROBLEM_ERROR] - REPORT_ERRORS_MAX);
	if (report->counts[PROBLEM_WARNING] > REPORT_WARNINGS_MAX)
		fprintf(out, "%s: %zu more warnings\n", path,
			report->counts[PROBLEM_WARNING] - REPORT_WARNINGS_MAX);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
