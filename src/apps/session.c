/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One app over HTTP by libcurl: no proxy, no redirect, nothing without an end. */
#include "apps/session.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"

enum {
	ANSWER_MAX = 16 << 20, /* a few hundred indexers with all they can do */
	CONNECT_TIMEOUT_MS = 4000,
	TIMEOUT_MS = 20000,
};

struct app_session {
	const struct app *app;
	const atomic_bool *stop;
	CURL *curl;
	struct curl_slist *head;
	struct buffer bytes; /* of the answer that is coming */
};

static size_t session_on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct app_session *session = arg;
	size_t len = size * count;

	if (len > ANSWER_MAX - buffer_len(&session->bytes) ||
	    buffer_append(&session->bytes, bytes, len) < 0)
		return 0;
	return len;
}

static int session_on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
			       curl_off_t up_now)
{
	const struct app_session *session = arg;

	(void)total;
	(void)now;
	(void)up_total;
	(void)up_now;
	return session->stop != NULL && atomic_load(session->stop);
}

static void session_set(struct app_session *session)
{
	CURL *curl = session->curl;

	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, session_on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, session);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, session_on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, session);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	/* The http_proxy of whoever calls has no say in this, and a key goes to no other host. */
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
	/* Cookies in memory alone: qBittorrent's login. */
	curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
}

struct app_session *app_open(const struct app *app, const atomic_bool *stop)
{
	struct app_session *session = calloc(1, sizeof(*session));
	char key[APP_KEY_SIZE + 16];

	if (session == NULL)
		return NULL;
	session->app = app;
	session->stop = stop;
	session->curl = curl_easy_init();
	session->head = curl_slist_append(NULL, "Expect:");
	snprintf(key, sizeof(key), "X-Api-Key: %s", app->key);
	if (session->curl == NULL || session->head == NULL ||
	    (app->key[0] != '\0' && app->user[0] == '\0' &&
	     curl_slist_append(session->head, key) == NULL)) {
		app_close(session);
		session = NULL;
	} else {
		session_set(session);
	}
	explicit_bzero(key, sizeof(key));
	return session;
}

void app_close(struct app_session *session)
{
	if (session == NULL)
		return;
	curl_easy_cleanup(session->curl);
	for (struct curl_slist *field = session->head; field != NULL; field = field->next)
		explicit_bzero(field->data, strlen(field->data));
	curl_slist_free_all(session->head);
	buffer_clear(&session->bytes);
	free(session);
}

const struct app *app_of(const struct app_session *session)
{
	return session->app;
}

void app_set_patience(struct app_session *session, long timeout_ms)
{
	curl_easy_setopt(session->curl, CURLOPT_TIMEOUT_MS, timeout_ms);
}

/* --- why it failed --- */

static void problem_of_transport(const struct app *app, CURLcode code, char *problem)
{
	const char *format = "%s at %s gave no answer that can be read";

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		format = "%s cannot be asked: nobody here knows the name in %s (is it on this "
			 "network? name it with --%s-url)";
		break;
	case CURLE_COULDNT_CONNECT:
		format = "%s does not answer at %s: is it running? (name it with --%s-url)";
		break;
	case CURLE_OPERATION_TIMEDOUT:
		format = "%s at %s does not answer in time";
		break;
	case CURLE_WRITE_ERROR:
		format = "%s at %s answers with more than can be taken; is it %s at all?";
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		format = "%s at %s has a certificate that nobody here trusts";
		break;
	case CURLE_ABORTED_BY_CALLBACK:
		format = "%s at %s was not waited for: this program ends";
		break;
	default:
		break;
	}
	snprintf(problem, APP_PROBLEM_SIZE, format, app->label, app->url, app->name);
}

static void problem_of_status(const struct app *app, const struct app_answer *answer, char *problem)
{
	char said[200];
	int status = answer->status;

	app_failures_text(answer->body, said, sizeof(said));
	if (status == 401 || status == 403)
		snprintf(problem, APP_PROBLEM_SIZE,
			 "%s at %s refuses %s: compare it with what its settings say", app->label,
			 app->url,
			 app->user[0]  ? "the login that was given"
			 : app->key[0] ? "the key that was given"
				       : "to answer without a key");
	else if (status >= 300 && status < 400)
		snprintf(problem, APP_PROBLEM_SIZE,
			 "%s at %s redirects to another address, and a key is taken to no other: "
			 "give "
			 "the URL that it really has, with its path (--%s-url)",
			 app->label, app->url, app->name);
	else if (status == 404)
		snprintf(problem, APP_PROBLEM_SIZE,
			 "what answers at %s is no %s, or has another path (--%s-url)", app->url,
			 app->label, app->name);
	else
		snprintf(problem, APP_PROBLEM_SIZE, "%s at %s answers with HTTP status %d%s%s",
			 app->label, app->url, status, said[0] ? ": " : "", said);
}

static void text_append(char *out, size_t size, const char *text)
{
	size_t len = strlen(out);

	if (text != NULL && text[0] != '\0')
		snprintf(out + len, size - len, "%s%s", len ? "; " : "", text);
}

void app_failures_text(const json_t *body, char *out, size_t size)
{
	size_t i;
	json_t *item;

	out[0] = '\0';
	json_array_foreach(body, i, item)
		text_append(out, size, json_string_value(json_object_get(item, "errorMessage")));
	text_append(out, size, json_string_value(json_object_get(body, "message")));
	if (out[0] == '\0')
		text_append(out, size, json_string_value(json_object_get(body, "error")));
}

bool app_failures_blame_login(const json_t *body)
{
	static const char *const names[] = {"apiKey", "username", "password"};
	size_t i;
	json_t *item;

	json_array_foreach(body, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "propertyName"));

		for (size_t k = 0; name != NULL && k < ARRAY_LEN(names); k++) {
			if (strcasecmp(name, names[k]) == 0)
				return true;
		}
	}
	return false;
}

/* --- asking --- */

static int session_perform(struct app_session *session, struct app_answer *answer)
{
	long status = 0;
	CURLcode code = curl_easy_perform(session->curl);
	size_t len = buffer_len(&session->bytes);

	curl_easy_getinfo(session->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK || status <= 0) {
		problem_of_transport(session->app, code, answer->problem);
		return -1;
	}
	answer->status = (int)status;
	if (len > 0) {
		const char *bytes = (const char *)buffer_start(&session->bytes);

		answer->body = json_loadb(bytes, len, JSON_DECODE_ANY, NULL);
		if (answer->body == NULL)
			snprintf(answer->text, sizeof(answer->text), "%.*s",
				 (int)(len < sizeof(answer->text) ? len : sizeof(answer->text) - 1),
				 bytes);
	}
	if (status >= 200 && status < 300)
		return 0;
	problem_of_status(session->app, answer, answer->problem);
	return -1;
}

static int session_ask(struct app_session *session, const char *method, const char *path,
		       const char *body, const char *kind, struct app_answer *answer)
{
	CURL *curl = session->curl;
	struct curl_slist type = {.data = (char *)kind, .next = session->head};
	char url[2 * APP_URL_SIZE];
	int result;

	*answer = (struct app_answer){.problem = "out of memory"};
	if (snprintf(url, sizeof(url), "%s%s", session->app->url, path) >= (int)sizeof(url)) {
		snprintf(answer->problem, sizeof(answer->problem), "the question is too long");
		return -1;
	}
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, &type);
	if (strcmp(method, "GET") == 0) {
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	} else {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, -1L);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	result = session_perform(session, answer);
	buffer_clear(&session->bytes);
	return result;
}

int app_ask(struct app_session *session, const char *method, const char *path, const json_t *body,
	    struct app_answer *answer)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int result;

	if (body != NULL && text == NULL) {
		*answer = (struct app_answer){.problem = "out of memory"};
		return -1;
	}
	result = session_ask(session, method, path, text, "Content-Type: application/json", answer);
	/* Keys of other apps may have been in it. */
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	return result;
}

int app_ask_form(struct app_session *session, const char *path, const char *form,
		 struct app_answer *answer)
{
	return session_ask(session, "POST", path, form,
			   "Content-Type: application/x-www-form-urlencoded", answer);
}

int app_get(struct app_session *session, const char *path, bool is_array, struct app_answer *answer)
{
	if (app_ask(session, "GET", path, NULL, answer) < 0)
		return -1;
	if (is_array ? json_is_array(answer->body) : json_is_object(answer->body))
		return 0;
	snprintf(answer->problem, sizeof(answer->problem),
		 "%s at %s gave no answer that can be read: is it %s at all?", session->app->label,
		 session->app->url, session->app->label);
	return -1;
}

void app_answer_clear(struct app_answer *answer)
{
	json_decref(answer->body);
	answer->body = NULL;
}

char *app_form(const char *first, const char *first_value, const char *second,
	       const char *second_value)
{
	char *values[2] = {curl_easy_escape(NULL, first_value, 0),
			   curl_easy_escape(NULL, second_value, 0)};
	char *form = NULL;

	if (values[0] == NULL || values[1] == NULL ||
	    asprintf(&form, "%s=%s&%s=%s", first, values[0], second, values[1]) < 0)
		form = NULL;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		if (values[i] != NULL)
			explicit_bzero(values[i], strlen(values[i]));
		curl_free(values[i]);
	}
	return form;
}
