/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found out about the apps, and changed in them: one JSON document, free of keys. */
#ifndef APPS_REPORT_H
#define APPS_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "apps/app.h"

struct app_report;

enum {
	REPORT_SHOWN_SIZE = 121,
};

/* apps is borrowed: no key of theirs shall be in the report. NULL: no memory. */
MUST_CHECK struct app_report *report_new(const struct apps *apps);
void report_free(struct app_report *report);

/* All is well with that. {"app", "kind": "fine", "what"} */
void report_fine(struct app_report *report, const struct app *app, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* It could not be told. {"app", "kind": "unknown", "what"} */
void report_unknown(struct app_report *report, const struct app *app, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Something is wrong: why it matters and what to do. {"app", "kind": "finding", "id", "what",
 * "why", "cure"} */
void report_finding(struct app_report *report, const struct app *app, const char *id,
		    const char *why, const char *cure, const char *format, ...) PRINTF_LIKE(6, 7);

/* A setting that becomes another; NULL for from: it is new. {"app", "kind": "change", "what",
 * "from", "to"} */
void report_change(struct app_report *report, const struct app *app, const char *what,
		   const char *from, const char *to);

/* What was said since the mark is taken back: it did not come about. */
size_t report_mark(const struct app_report *report);
void report_rewind(struct app_report *report, size_t mark);

unsigned report_findings(const struct app_report *report);
unsigned report_unknowns(const struct app_report *report);
unsigned report_changes(const struct app_report *report);

/* The list of all that was said, in order. Borrowed. */
const json_t *report_items(const struct app_report *report);

/* A member's text, at most so much of it; "" when there is none. Returns out. */
const char *report_shown(const json_t *object, const char *key, char out[REPORT_SHOWN_SIZE]);

#endif
