/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Brings one provider to what is wanted: get, change what differs, put the whole back. */
#include "apps/provider.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What newer versions show in place of a secret; sent back it means "as it was". */
#define SECRET_STARS "********"

enum {
	PROVIDER_TEST_MS = 60 * 1000, /* the app asks another app, with its own time limits */
};

bool url_equals(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	while (a_len > 0 && a[a_len - 1] == '/')
		a_len--;
	while (b_len > 0 && b[b_len - 1] == '/')
		b_len--;
	return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

static json_t *field_find(const json_t *provider, const char *name)
{
	const char *found;
	size_t i;
	json_t *field;

	json_array_foreach(json_object_get(provider, "fields"), i, field)
	{
		found = json_string_value(json_object_get(field, "name"));
		if (found && strcmp(found, name) == 0)
			return field;
	}
	return NULL;
}

json_t *provider_field(const json_t *provider, const char *name)
{
	return json_object_get(field_find(provider, name), "value");
}

const char *provider_text(const json_t *provider, const char *name)
{
	const char *text = json_string_value(provider_field(provider, name));

	return text ? text : "";
}

/* --- comparing and changing fields --- */

static bool field_is_masked(const json_t *provider, const struct wish_field *wish)
{
	return wish->is_secret && strcmp(provider_text(provider, wish->name), SECRET_STARS) == 0;
}

static bool field_is_as_wished(const json_t *provider, const struct wish_field *wish)
{
	const json_t *value = provider_field(provider, wish->name);
	const char *text = provider_text(provider, wish->name);

	if (wish->text == NULL)
		return json_is_integer(value) && json_integer_value(value) == wish->number;
	return wish->is_url ? url_equals(text, wish->text) : strcmp(text, wish->text) == 0;
}

static void value_format(const json_t *value, char out[REPORT_SHOWN_SIZE])
{
	if (json_is_integer(value))
		snprintf(out, REPORT_SHOWN_SIZE, "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
	else
		snprintf(out, REPORT_SHOWN_SIZE, "%s",
			 json_is_string(value) ? json_string_value(value) : "");
}

static void field_say_change(const json_t *provider, const struct wish *wish,
			     const struct wish_field *field, struct app_session *session,
			     struct app_report *report)
{
	char what[160], from[REPORT_SHOWN_SIZE], to[REPORT_SHOWN_SIZE];

	snprintf(what, sizeof(what), "%s, %s", wish->what, field->name);
	value_format(provider_field(provider, field->name), from);
	snprintf(to, sizeof(to), "%d", field->number);
	if (field->is_secret)
		report_change(report, app_of(session), what, from[0] ? "(hidden)" : "", "(hidden)");
	else
		report_change(report, app_of(session), what, from, field->text ? field->text : to);
}

/* -1: no memory. */
static int field_set(json_t *provider, const struct wish_field *wish)
{
	json_t *value = wish->text ? json_string(wish->text) : json_integer(wish->number);
	json_t *field = field_find(provider, wish->name);

	if (value == NULL)
		return -1;
	if (field != NULL)
		return json_object_set_new(field, "value", value);
	return json_array_append_new(json_object_get(provider, "fields"),
				     json_pack("{s:s, s:o}", "name", wish->name, "value", value));
}

/* --- finding it --- */

static bool provider_is_ours(const json_t *provider, const struct wish *wish)
{
	for (size_t i = 0; i < wish->field_count; i++) {
		if (strcmp(wish->fields[i].name, wish->match) == 0)
			return field_is_as_wished(provider, &wish->fields[i]);
	}
	return false;
}

static bool text_is(const json_t *provider, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(provider, key));

	return text && strcmp(text, wanted) == 0;
}

/*
 * The one that leads where we want; else the one with our name. Another Radarr is nobody's to
 * change. Borrowed.
 */
static json_t *provider_find(const json_t *list, const struct wish *wish)
{
	json_t *ours = NULL, *only = NULL;
	size_t i, count = 0;
	json_t *provider;

	json_array_foreach(list, i, provider)
	{
		if (!text_is(provider, "implementation", wish->implementation))
			continue;
		if (provider_is_ours(provider, wish))
			return provider;
		if (text_is(provider, "name", wish->name))
			ours = provider;
		only = count++ == 0 ? provider : NULL;
	}
	return ours ? ours : wish->adopts ? only : NULL;
}

/* What a new one is made from; borrowed. */
static json_t *template_find(const json_t *list, const struct wish *wish)
{
	size_t i;
	json_t *provider;

	json_array_foreach(list, i, provider)
	{
		if (text_is(provider, "implementation", wish->implementation))
			return provider;
	}
	return NULL;
}

static int say_unknown(struct app_session *session, struct app_report *report,
		       const struct app_answer *answer)
{
	report_unknown(report, app_of(session), "%s", answer->problem);
	return -1;
}

/* --- putting it back --- */

/* 1, or -1: then what was said of it since the mark is not true. */
static int provider_put(struct app_session *session, const struct wish *wish,
			const json_t *provider, size_t mark, struct app_report *report)
{
	json_int_t id = json_integer_value(json_object_get(provider, "id"));
	struct app_answer answer;
	char path[128];
	int result = 1;

	/* forceSave: what it leads to need not answer now. */
	snprintf(path, sizeof(path), "%s/%" JSON_INTEGER_FORMAT "?forceSave=true", wish->path, id);
	if (app_ask(session, "PUT", path, provider, &answer) < 0) {
		report_rewind(report, mark);
		result = say_unknown(session, report, &answer);
	}
	app_answer_clear(&answer);
	return result;
}

/* A new one is tested before it is kept, whatever is asked, unless it is switched off: so it comes
 * switched off, and is switched on by a change, which may be forced. */
static int provider_post(struct app_session *session, const struct wish *wish, json_t *provider,
			 struct app_report *report)
{
	struct app_answer answer;
	char path[128];
	int result = -1;

	json_object_set_new(provider, "name", json_string(wish->name));
	json_object_set(provider, wish->switch_key, wish->off);
	snprintf(path, sizeof(path), "%s?forceSave=true", wish->path);
	if (app_ask(session, "POST", path, provider, &answer) < 0)
		(void)say_unknown(session, report, &answer);
	else if (json_object_set(provider, "id", json_object_get(answer.body, "id")) == 0 &&
		 json_object_set(provider, wish->switch_key, wish->on) == 0)
		result = provider_put(session, wish, provider, report_mark(report), report);
	app_answer_clear(&answer);
	return result;
}

/* --- what there is to do --- */

static int provider_add(struct app_session *session, const struct wish *wish, enum setup_mode mode,
			struct app_report *report)
{
	struct app_answer answer;
	char path[128];
	json_t *template;
	int result = -1;

	if (mode == SETUP_CHECK) {
		report_finding(report, app_of(session), "not-linked", wish->why,
			       "egressctl apps setup", "%s is missing", wish->what);
		return 1;
	}
	snprintf(path, sizeof(path), "%s/schema", wish->path);
	if (app_get(session, path, true, &answer) < 0) {
		result = say_unknown(session, report, &answer);
		goto out;
	}
	template = template_find(answer.body, wish);
	if (template == NULL || !json_is_array(json_object_get(template, "fields"))) {
		report_unknown(report, app_of(session), "this %s knows no %s",
			       app_of(session)->label, wish->implementation);
		goto out;
	}
	for (size_t i = 0; i < wish->field_count; i++) {
		if (field_set(template, &wish->fields[i]) < 0)
			goto out;
	}
	result = mode == SETUP_DO ? provider_post(session, wish, template, report) : 1;
	if (result > 0)
		report_change(report, app_of(session), wish->what, NULL, wish->fields[0].text);
out:
	app_answer_clear(&answer);
	return result;
}

/* A secret that is shown as stars cannot be compared: the app itself says whether it works. */
static bool provider_login_fails(struct app_session *session, const struct wish *wish,
				 const json_t *provider)
{
	struct app_answer answer;
	char path[128];
	bool fails = false;
	bool masked = false;

	for (size_t i = 0; i < wish->field_count; i++)
		masked = masked || field_is_masked(provider, &wish->fields[i]);
	if (!masked)
		return false;
	snprintf(path, sizeof(path), "%s/test", wish->path);
	app_set_patience(session, PROVIDER_TEST_MS);
	if (app_ask(session, "POST", path, provider, &answer) < 0)
		fails = answer.status == 400 && app_failures_blame_login(answer.body);
	app_answer_clear(&answer);
	return fails;
}

/* Changes provider and tells each change; how many there are, or -1. */
static int provider_change(struct app_session *session, const struct wish *wish, json_t *provider,
			   struct app_report *report)
{
	bool login_fails = provider_login_fails(session, wish, provider);
	int changes = 0;

	for (size_t i = 0; i < wish->field_count; i++) {
		const struct wish_field *field = &wish->fields[i];

		if (field_is_masked(provider, field) ? !login_fails
						     : field_is_as_wished(provider, field))
			continue;
		field_say_change(provider, wish, field, session, report);
		if (field_set(provider, field) < 0)
			return -1;
		changes++;
	}
	if (json_equal(json_object_get(provider, wish->switch_key), wish->off)) {
		report_change(report, app_of(session), wish->what, "off", "on");
		json_object_set(provider, wish->switch_key, wish->on);
		changes++;
	}
	return changes;
}

int provider_ensure(struct app_session *session, const struct wish *wish, enum setup_mode mode,
		    struct app_report *report)
{
	struct app_answer answer;
	size_t mark = report_mark(report);
	json_t *provider;
	int result;

	if (app_get(session, wish->path, true, &answer) < 0) {
		result = say_unknown(session, report, &answer);
		app_answer_clear(&answer);
		return result;
	}
	provider = provider_find(answer.body, wish);
	if (provider == NULL)
		result = provider_add(session, wish, mode, report);
	else if (mode == SETUP_CHECK)
		result = 0;
	else
		result = provider_change(session, wish, provider, report);
	if (provider != NULL && result > 0 && mode == SETUP_DO)
		result = provider_put(session, wish, provider, mark, report);
	app_answer_clear(&answer);
	return result > 0 ? 1 : result;
}
