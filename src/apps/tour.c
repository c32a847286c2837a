/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens a session with each app that is asked, in the order in which they depend on each other. */
#include "apps/tour.h"

#include <string.h>

#include "apps/flaresolverr.h"
#include "apps/heal.h"
#include "apps/overseerr.h"
#include "apps/prowlarr.h"
#include "apps/qbittorrent.h"
#include "apps/radarr.h"

/* NULL: the report says why. */
static struct app_session *tour_open(const struct apps *apps, enum app_kind kind,
				     struct app_report *report)
{
	const struct app *app = &apps->app[kind];
	struct app_session *session = NULL;

	if (app->key[0] == '\0' && kind != APP_FLARESOLVERR && kind != APP_OVERSEERR) {
		report_unknown(report, app, "%s: --%s-key-file FILE, or the environment",
			       kind == APP_QBITTORRENT ? "its password is not known"
						       : "its API key is not known",
			       app->name);
		return NULL;
	}
	session = app_open(app, NULL);
	if (session == NULL)
		report_unknown(report, app, "out of memory");
	return session;
}

static bool key_is_there(const struct apps *apps, enum app_kind kind)
{
	return apps->app[kind].key[0] != '\0';
}

/* What of Prowlarr's is about other apps. */
static void tour_prowlarr_links(struct app_session *session, const struct apps *apps,
				const bool chosen[APP_COUNT], enum setup_mode mode,
				struct app_report *report)
{
	if (chosen[APP_FLARESOLVERR])
		prowlarr_ensure_flaresolverr(session, apps, mode, report);
	if (chosen[APP_RADARR] && (mode == SETUP_CHECK || key_is_there(apps, APP_RADARR)))
		prowlarr_ensure_radarr(session, apps, mode, report);
}

static void check_prowlarr(const struct apps *apps, const bool chosen[APP_COUNT],
			   struct app_report *report)
{
	struct app_session *session = tour_open(apps, APP_PROWLARR, report);
	unsigned unknowns = report_unknowns(report);

	if (session == NULL)
		return;
	prowlarr_check(session, apps, report);
	if (report_unknowns(report) == unknowns)
		tour_prowlarr_links(session, apps, chosen, SETUP_CHECK, report);
	app_close(session);
}

static void check_radarr(const struct apps *apps, const bool chosen[APP_COUNT],
			 struct app_report *report)
{
	struct app_session *session = tour_open(apps, APP_RADARR, report);
	unsigned unknowns = report_unknowns(report);

	if (session == NULL)
		return;
	radarr_check(session, apps, report);
	if (chosen[APP_QBITTORRENT] && report_unknowns(report) == unknowns)
		radarr_ensure_qbittorrent(session, apps, SETUP_CHECK, report);
	app_close(session);
}

void apps_check(const struct apps *apps, const bool chosen[APP_COUNT], struct app_report *report)
{
	struct app_session *session;

	if (chosen[APP_PROWLARR])
		check_prowlarr(apps, chosen, report);
	session = chosen[APP_FLARESOLVERR] ? tour_open(apps, APP_FLARESOLVERR, report) : NULL;
	if (session != NULL)
		flaresolverr_check(session, apps, report);
	app_close(session);
	if (chosen[APP_RADARR])
		check_radarr(apps, chosen, report);
	session = chosen[APP_QBITTORRENT] ? tour_open(apps, APP_QBITTORRENT, report) : NULL;
	if (session != NULL)
		qbittorrent_check(session, report);
	app_close(session);
	session = chosen[APP_OVERSEERR] ? tour_open(apps, APP_OVERSEERR, report) : NULL;
	if (session != NULL)
		overseerr_check(session, apps, report);
	app_close(session);
}

/* Prowlarr would take a key that Radarr does not: it is tried before anybody is given it. One that
 * is not up yet may be linked all the same. */
static bool radarr_refuses(const struct apps *apps, struct app_report *report)
{
	struct app_session *session = tour_open(apps, APP_RADARR, report);
	struct app_answer answer;
	bool refuses;

	if (session == NULL)
		return true;
	refuses =
		app_get(session, "/api/v3/system/status", false, &answer) < 0 && answer.status != 0;
	if (refuses)
		report_unknown(report, app_of(session), "%s", answer.problem);
	app_answer_clear(&answer);
	app_close(session);
	return refuses;
}

static void setup_qbittorrent(const struct apps *apps, enum setup_mode mode,
			      struct app_report *report)
{
	struct app_session *session = tour_open(apps, APP_RADARR, report);

	if (session != NULL && !key_is_there(apps, APP_QBITTORRENT))
		report_unknown(report, &apps->app[APP_QBITTORRENT],
			       "its password is not known: --qbittorrent-key-file FILE, or the "
			       "environment");
	else if (session != NULL)
		radarr_ensure_qbittorrent(session, apps, mode, report);
	app_close(session);
}

void apps_setup(const struct apps *apps, const bool chosen[APP_COUNT], bool dry,
		struct app_report *report)
{
	enum setup_mode mode = dry ? SETUP_DRY : SETUP_DO;
	struct app_session *session = NULL;
	bool links[APP_COUNT];
	unsigned unknowns;

	memcpy(links, chosen, sizeof(links));
	if (chosen[APP_RADARR] || chosen[APP_QBITTORRENT])
		links[APP_RADARR] = !radarr_refuses(apps, report) && chosen[APP_RADARR];
	links[APP_QBITTORRENT] = chosen[APP_QBITTORRENT] && report_unknowns(report) == 0;
	unknowns = report_unknowns(report);
	if (chosen[APP_PROWLARR] || chosen[APP_FLARESOLVERR] || links[APP_RADARR])
		session = tour_open(apps, APP_PROWLARR, report);
	if (session != NULL && chosen[APP_PROWLARR])
		prowlarr_ensure_proxy(session, apps, mode, report);
	/* One that does not answer, or not us, would only say so again. */
	if (session != NULL && report_unknowns(report) == unknowns)
		tour_prowlarr_links(session, apps, links, mode, report);
	app_close(session);
	if (links[APP_QBITTORRENT])
		setup_qbittorrent(apps, mode, report);
}

/* --- healing --- */

struct healing {
	const struct apps *apps;
	struct app_report *report;
	const struct app *app;
};

static void healing_on_each(void *arg, const char *name, const char *failures)
{
	const struct healing *healing = arg;

	if (failures[0] == '\0' && healing->app == &healing->apps->app[APP_RADARR])
		report_fine(healing->report, healing->app, "the indexer %s works", name);
	else if (failures[0] == '\0')
		report_change(healing->report, healing->app, name, "left out", "works");
	else
		report_finding(healing->report, healing->app, "still-out",
			       "it is left out until the app tries it again by itself",
			       "look at what it says, and at: egressctl status",
			       "the indexer %s does not work yet: %s", name, failures);
}

static void heal_one(const struct apps *apps, enum app_kind kind, struct app_report *report)
{
	struct healing healing = {apps, report, &apps->app[kind]};
	struct app_session *session = tour_open(apps, kind, report);
	char problem[APP_PROBLEM_SIZE];
	struct heal_result result;
	int done;

	if (session == NULL)
		return;
	done = kind == APP_RADARR
		       ? radarr_heal(session, healing_on_each, &healing, &result, problem)
		       : prowlarr_heal(session, healing_on_each, &healing, &result, problem);
	if (done < 0)
		report_unknown(report, &apps->app[kind], "%s", problem);
	else if (result.asked == 0)
		report_fine(report, &apps->app[kind], "leaves no indexer out");
	app_close(session);
}

void apps_heal(const struct apps *apps, const bool chosen[APP_COUNT], struct app_report *report)
{
	/* Prowlarr first: Radarr's indexers are Prowlarr's. */
	if (chosen[APP_PROWLARR])
		heal_one(apps, APP_PROWLARR, report);
	if (chosen[APP_RADARR])
		heal_one(apps, APP_RADARR, report);
}
