/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collects findings and changes; takes out every key on the way in. */
#include "apps/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct app_report {
	const struct apps *apps;
	json_t *items;
	unsigned findings, unknowns, changes;
};

struct app_report *report_new(const struct apps *apps)
{
	struct app_report *report = calloc(1, sizeof(*report));

	if (report == NULL)
		return NULL;
	report->apps = apps;
	report->items = json_array();
	if (report->items == NULL) {
		free(report);
		return NULL;
	}
	return report;
}

void report_free(struct app_report *report)
{
	if (report == NULL)
		return;
	json_decref(report->items);
	free(report);
}

/* Whole characters only: what was cut, or was no UTF-8, ends there. Apps quote what they were
 * sent, so every key is taken out. */
static json_t *text_json(const struct app_report *report, const char *text)
{
	char out[2048];
	size_t len = 0;

	for (size_t step; text[len] != '\0'; len += step) {
		step = utf8_len(text + len, strlen(text + len));
		if (step == 0 || len + step >= sizeof(out))
			break;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	for (size_t i = 0; i < APP_COUNT; i++)
		app_key_redact(report->apps->app[i].key, out);
	return json_string(out);
}

static json_t *report_add(struct app_report *report, const struct app *app, const char *kind,
			  const char *what)
{
	json_t *item = json_pack("{s:s, s:s, s:o}", "app", app->name, "kind", kind, "what",
				 text_json(report, what));

	json_array_append_new(report->items, item);
	return item;
}

static json_t *report_add_format(struct app_report *report, const struct app *app, const char *kind,
				 const char *format, va_list args)
{
	char what[1024];

	vsnprintf(what, sizeof(what), format, args);
	return report_add(report, app, kind, what);
}

void report_fine(struct app_report *report, const struct app *app, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)report_add_format(report, app, "fine", format, args);
	va_end(args);
}

void report_unknown(struct app_report *report, const struct app *app, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)report_add_format(report, app, "unknown", format, args);
	va_end(args);
	report->unknowns++;
}

void report_finding(struct app_report *report, const struct app *app, const char *id,
		    const char *why, const char *cure, const char *format, ...)
{
	va_list args;
	json_t *item;

	va_start(args, format);
	item = report_add_format(report, app, "finding", format, args);
	va_end(args);
	json_object_set_new(item, "id", json_string(id));
	json_object_set_new(item, "why", text_json(report, why));
	json_object_set_new(item, "cure", text_json(report, cure));
	report->findings++;
}

void report_change(struct app_report *report, const struct app *app, const char *what,
		   const char *from, const char *to)
{
	json_t *item = report_add(report, app, "change", what);

	json_object_set_new(item, "from", from ? text_json(report, from) : json_null());
	json_object_set_new(item, "to", text_json(report, to));
	report->changes++;
}

size_t report_mark(const struct app_report *report)
{
	return json_array_size(report->items);
}

void report_rewind(struct app_report *report, size_t mark)
{
	while (json_array_size(report->items) > mark) {
		size_t last = json_array_size(report->items) - 1;
		const json_t *item = json_array_get(report->items, last);
		const char *kind = json_string_value(json_object_get(item, "kind"));

		report->findings -= strcmp(kind, "finding") == 0;
		report->unknowns -= strcmp(kind, "unknown") == 0;
		report->changes -= strcmp(kind, "change") == 0;
		json_array_remove(report->items, last);
	}
}

unsigned report_findings(const struct app_report *report)
{
	return report->findings;
}

unsigned report_unknowns(const struct app_report *report)
{
	return report->unknowns;
}

unsigned report_changes(const struct app_report *report)
{
	return report->changes;
}

const json_t *report_items(const struct app_report *report)
{
	return report->items;
}

const char *report_shown(const json_t *object, const char *key, char out[REPORT_SHOWN_SIZE])
{
	const char *text = json_string_value(json_object_get(object, key));

	size_t len = 0;

	/* Whole characters: the next to read it would drop what was cut in the middle. */
	for (size_t step; text != NULL && text[len] != '\0'; len += step) {
		step = utf8_len(text + len, strlen(text + len));
		if (step == 0 || len + step >= REPORT_SHOWN_SIZE)
			break;
	}
	memcpy(out, text ? text : "", len);
	out[len] = '\0';
	return out;
}
