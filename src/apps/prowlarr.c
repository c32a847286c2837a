/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks Prowlarr, and sets it up: the proxy, FlareSolverr, Radarr. */
#include "apps/prowlarr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "apps/judge.h"

#define TAG "flaresolverr"

/* NULL: the report says why. Otherwise a reference of the caller's. */
static json_t *prowlarr_get(struct app_session *session, const char *path, bool is_array,
			    struct app_report *report)
{
	struct app_answer answer;
	json_t *body = NULL;

	if (app_get(session, path, is_array, &answer) == 0)
		body = json_incref(answer.body);
	else
		report_unknown(report, app_of(session), "%s", answer.problem);
	app_answer_clear(&answer);
	return body;
}

static void prowlarr_check_lists(struct app_session *session, const struct apps *apps,
				 struct app_report *report)
{
	json_t *indexers = prowlarr_get(session, "/api/v1/indexer", true, report);
	json_t *statuses = prowlarr_get(session, "/api/v1/indexerstatus", true, report);
	json_t *proxies = prowlarr_get(session, "/api/v1/indexerproxy", true, report);
	json_t *health = prowlarr_get(session, "/api/v1/health", true, report);

	judge_indexers(report, apps, indexers);
	judge_statuses(report, apps, statuses, indexers);
	judge_proxies(report, apps, proxies);
	judge_health(report, app_of(session), health);
	json_decref(indexers);
	json_decref(statuses);
	json_decref(proxies);
	json_decref(health);
}

void prowlarr_check(struct app_session *session, const struct apps *apps, struct app_report *report)
{
	unsigned before = report_findings(report) + report_unknowns(report);
	json_t *host = prowlarr_get(session, "/api/v1/config/host", false, report);

	/* A wrong key or address would only be told four times more. */
	if (host == NULL)
		return;
	judge_host(report, apps, host);
	json_decref(host);
	prowlarr_check_lists(session, apps, report);
	if (report_findings(report) + report_unknowns(report) == before)
		report_fine(report, app_of(session), "goes out through %s:%u", apps->proxy_host,
			    apps->proxy_port);
}

/* --- the global proxy --- */

struct host_setting {
	const char *key;
	json_t *wanted; /* takes it */
};

/* How many differ; each is set in host and told. */
static int host_change(json_t *host, struct host_setting *settings, size_t count,
		       struct app_session *session, struct app_report *report)
{
	int changes = 0;

	for (size_t i = 0; i < count; i++) {
		json_t *found = json_object_get(host, settings[i].key);
		char *from, *to;

		if (settings[i].wanted == NULL || json_equal(found, settings[i].wanted))
			continue;
		from = found ? json_dumps(found, JSON_ENCODE_ANY) : NULL;
		to = json_dumps(settings[i].wanted, JSON_ENCODE_ANY);
		report_change(report, app_of(session), settings[i].key, from ? from : "null",
			      to ? to : "");
		free(from);
		free(to);
		json_object_set(host, settings[i].key, settings[i].wanted);
		changes++;
	}
	return changes;
}

static void host_put(struct app_session *session, const json_t *host, size_t mark,
		     struct app_report *report)
{
	struct app_answer answer;

	if (app_ask(session, "PUT", "/api/v1/config/host/1", host, &answer) < 0) {
		report_rewind(report, mark);
		report_unknown(report, app_of(session), "%s", answer.problem);
	}
	app_answer_clear(&answer);
}

void prowlarr_ensure_proxy(struct app_session *session, const struct apps *apps,
			   enum setup_mode mode, struct app_report *report)
{
	struct host_setting settings[] = {
		{"proxyEnabled", json_true()},
		{"proxyType", json_string("http")},
		{"proxyHostname", json_string(apps->proxy_host)},
		{"proxyPort", json_integer(apps->proxy_port)},
		{"proxyBypassFilter", json_string("")},
		{"proxyBypassLocalAddresses", json_true()},
	};
	size_t mark = report_mark(report);
	json_t *host = prowlarr_get(session, "/api/v1/config/host", false, report);
	int changes = 0;

	if (host != NULL)
		changes = host_change(host, settings, ARRAY_LEN(settings), session, report);
	if (changes > 0 && mode == SETUP_DO)
		host_put(session, host, mark, report);
	json_decref(host);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		json_decref(settings[i].wanted);
}

/* --- FlareSolverr --- */

static json_int_t tag_find(const json_t *tags)
{
	size_t i;
	json_t *tag;

	json_array_foreach(tags, i, tag)
	{
		const char *label = json_string_value(json_object_get(tag, "label"));

		if (label && strcasecmp(label, TAG) == 0)
			return json_integer_value(json_object_get(tag, "id"));
	}
	return 0;
}

/* The tag's number; 0: it is not there yet, and would be made; -1: the report says why. */
static json_int_t prowlarr_ensure_tag(struct app_session *session, enum setup_mode mode,
				      struct app_report *report)
{
	json_t *tags = prowlarr_get(session, "/api/v1/tag", true, report);
	json_t *body = json_pack("{s:s}", "label", TAG);
	struct app_answer answer = {0};
	json_int_t id = tags ? tag_find(tags) : -1;

	if (id != 0 || mode != SETUP_DO)
		goto out;
	id = -1;
	if (app_ask(session, "POST", "/api/v1/tag", body, &answer) < 0)
		report_unknown(report, app_of(session), "%s", answer.problem);
	else
		id = json_integer_value(json_object_get(answer.body, "id"));
out:
	app_answer_clear(&answer);
	json_decref(body);
	json_decref(tags);
	return id;
}

void prowlarr_ensure_flaresolverr(struct app_session *session, const struct apps *apps,
				  enum setup_mode mode, struct app_report *report)
{
	char url[APP_URL_SIZE + 1];
	json_int_t tag = prowlarr_ensure_tag(session, mode, report);
	struct wish wish = {
		.path = "/api/v1/indexerproxy",
		.implementation = "FlareSolverr",
		.name = "FlareSolverr",
		.what = "the indexer proxy FlareSolverr (for indexers with the tag " TAG ")",
		.why = "indexers behind Cloudflare answer with a challenge that nobody solves",
		.match = "host",
		.fields = {{.name = "host", .text = url, .is_url = true}},
		.field_count = 1,
		.adopts = true,
		.switch_key = "tags",
		.off = json_array(),
		.on = json_pack("[I]", tag),
	};

	snprintf(url, sizeof(url), "%s/", apps->app[APP_FLARESOLVERR].peer_url);
	if (tag >= 0 && provider_ensure(session, &wish, mode, report) == 0)
		report_fine(report, &apps->app[APP_FLARESOLVERR],
			    "Prowlarr has it for the indexers that share its tag");
	json_decref(wish.off);
	json_decref(wish.on);
}

/* --- Radarr --- */

static void prowlarr_sync(struct app_session *session, struct app_report *report)
{
	json_t *body = json_pack("{s:s}", "name", "ApplicationIndexerSync");
	struct app_answer answer;

	if (app_ask(session, "POST", "/api/v1/command", body, &answer) < 0)
		report_unknown(report, app_of(session), "%s", answer.problem);
	app_answer_clear(&answer);
	json_decref(body);
}

void prowlarr_ensure_radarr(struct app_session *session, const struct apps *apps,
			    enum setup_mode mode, struct app_report *report)
{
	const struct app *radarr = &apps->app[APP_RADARR];
	struct wish wish = {
		.path = "/api/v1/applications",
		.implementation = "Radarr",
		.name = "Radarr",
		.what = "the application Radarr",
		.why = "Radarr is told of no indexers, and has none or its own that go past the "
		       "VPN",
		.match = "baseUrl",
		.fields = {{.name = "baseUrl", .text = radarr->peer_url, .is_url = true},
			   {.name = "prowlarrUrl",
			    .text = apps->app[APP_PROWLARR].peer_url,
			    .is_url = true},
			   {.name = "apiKey", .text = radarr->key, .is_secret = true}},
		.field_count = 3,
		.switch_key = "syncLevel",
		.off = json_string("disabled"),
		.on = json_string("fullSync"),
	};
	int result = provider_ensure(session, &wish, mode, report);

	if (result > 0 && mode == SETUP_DO)
		prowlarr_sync(session, report);
	else if (result == 0)
		report_fine(report, radarr, "Prowlarr knows it as an application");
	json_decref(wish.off);
	json_decref(wish.on);
}
