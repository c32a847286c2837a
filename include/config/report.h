/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was found wrong with a policy file. Printed like a compiler does it:
 *
 *   egress.conf:12:1: error: there is no egress called 'hone'
 *      12 | hone    from prowlarr to set metadata
 *         | ^~~~
 *         = did you mean 'home'?
 */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct config_report;

enum problem_level {
	PROBLEM_ERROR,
	PROBLEM_WARNING,
};

struct config_problem {
	enum problem_level level;
	unsigned line, column; /* from 1; 0 when it is about the whole file */
	size_t width;          /* how many bytes the caret underlines */
	const char *message;
	const char *source; /* the line as it stands in the file, or "" */
	const char *hint;   /* or NULL */
};

MUST_CHECK struct config_report *config_report_new(void);
void config_report_free(struct config_report *report);

/* A piece of the file; all zero: it is about the whole file. */
struct place {
	unsigned line, column; /* from 1 */
	size_t width;
	const char *source; /* the whole line, not NUL-terminated; borrowed */
	size_t source_len;
};

/*
 * Adds a problem; hint may be NULL; everything is copied. After 20 errors (and 50 warnings) more
 * are only counted.
 */
void config_report_add(struct config_report *report, enum problem_level level,
		       const struct place *place, const char *hint, const char *format, ...)
	PRINTF_LIKE(5, 6);

/* All that were found; config_report_at has those that were kept. */
size_t config_report_count(const struct config_report *report, enum problem_level level);
size_t config_report_total(const struct config_report *report);
const struct config_problem *config_report_at(const struct config_report *report, size_t index);

/* The whole report as people read it; malloc()ed, the caller frees it. NULL: no memory. */
MUST_CHECK char *config_report_text(const struct config_report *report, const char *path);

#endif
