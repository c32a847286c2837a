/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Talking to one app: bounded HTTP requests with its key, to its own address and nowhere else. */
#ifndef APPS_SESSION_H
#define APPS_SESSION_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "apps/app.h"

struct app_session;

struct app_answer {
	int status;                     /* HTTP's; 0: there was none */
	json_t *body;                   /* NULL when it is not JSON */
	char text[64];                  /* its beginning, when it is not JSON */
	char problem[APP_PROBLEM_SIZE]; /* why it failed, and what to do; may quote the app */
};

/* app is borrowed. stop: a request ends as soon as it is true; may be NULL. NULL + errno. */
MUST_CHECK struct app_session *app_open(const struct app *app, const atomic_bool *stop);
void app_close(struct app_session *session);
const struct app *app_of(const struct app_session *session);

/* What a request may take: 20 s, unless it makes the app ask somebody else. */
void app_set_patience(struct app_session *session, long timeout_ms);

/*
 * One request; body is borrowed and may be NULL. 0: the status is 2xx. -1: answer->problem says why
 * not; body may still be there. A redirect is never followed. Clear the answer either way.
 */
MUST_CHECK int app_ask(struct app_session *session, const char *method, const char *path,
		       const json_t *body, struct app_answer *answer);

/* The same with a form; cookies of its answer are kept for the next requests. */
MUST_CHECK int app_ask_form(struct app_session *session, const char *path, const char *form,
			    struct app_answer *answer);

/* app_ask(), and its answer is an array (is_array) or an object; answer->problem otherwise. */
MUST_CHECK int app_get(struct app_session *session, const char *path, bool is_array,
		       struct app_answer *answer);

void app_answer_clear(struct app_answer *answer);

/* What an app says of a request it refused: its messages, one after the other. */
void app_failures_text(const json_t *body, char *out, size_t size);

/* Is one of its messages about a key or a login? */
bool app_failures_blame_login(const json_t *body);

/* "name=value" for a form, percent-encoded; malloc'd. NULL: no memory. */
MUST_CHECK char *app_form(const char *first, const char *first_value, const char *second,
			  const char *second_value);

#endif
