/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs in at qBittorrent and asks for its version. */
#include "apps/qbittorrent.h"

#include <stdlib.h>
#include <string.h>

static int qbittorrent_login(struct app_session *session, struct app_answer *answer)
{
	const struct app *app = app_of(session);
	char *form = app_form("username", app->user, "password", app->key);
	int result = -1;

	*answer = (struct app_answer){.problem = "out of memory"};
	if (form == NULL)
		return -1;
	result = app_ask_form(session, "/api/v2/auth/login", form, answer);
	explicit_bzero(form, strlen(form));
	free(form);
	return result;
}

void qbittorrent_check(struct app_session *session, struct app_report *report)
{
	const struct app *app = app_of(session);
	struct app_answer answer;

	if (qbittorrent_login(session, &answer) < 0) {
		report_unknown(report, app, "%s", answer.problem);
	} else if (answer.status != 204 && strcmp(answer.text, "Ok.") != 0) {
		/* Before 5.2 a wrong password is answered with 200 and "Fails." */
		report_unknown(
			report, app,
			"%s at %s refuses the login of %s: compare it with what its settings say",
			app->label, app->url, app->user);
	} else {
		app_answer_clear(&answer);
		if (app_ask(session, "GET", "/api/v2/app/version", NULL, &answer) < 0)
			report_unknown(report, app, "%s", answer.problem);
		else
			report_fine(report, app, "%.32s answers and takes the login", answer.text);
	}
	app_answer_clear(&answer);
}
