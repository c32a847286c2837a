/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks Overseerr what it says of itself. */
#include "apps/overseerr.h"

#include "apps/judge.h"

static void overseerr_check_settings(struct app_session *session, const struct apps *apps,
				     struct app_report *report)
{
	struct app_answer answer;

	if (app_get(session, "/api/v1/settings/radarr", true, &answer) < 0)
		report_unknown(report, app_of(session), "%s", answer.problem);
	else
		judge_servers(report, apps, answer.body);
	app_answer_clear(&answer);
	/* Overseerr, which has no proxy settings, has no such path: 404 is no problem of its own.
	 */
	if (app_get(session, "/api/v1/settings/network", false, &answer) == 0)
		judge_network(report, apps, answer.body);
	else if (answer.status != 404)
		report_unknown(report, app_of(session), "%s", answer.problem);
	app_answer_clear(&answer);
}

void overseerr_check(struct app_session *session, const struct apps *apps,
		     struct app_report *report)
{
	struct app_answer answer;
	char version[REPORT_SHOWN_SIZE];

	if (app_get(session, "/api/v1/status", false, &answer) < 0) {
		report_unknown(report, app_of(session), "%s", answer.problem);
	} else {
		report_fine(report, app_of(session), "%s answers",
			    report_shown(answer.body, "version", version));
		if (app_of(session)->key[0] != '\0')
			overseerr_check_settings(session, apps, report);
	}
	app_answer_clear(&answer);
}
