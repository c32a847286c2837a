/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks Radarr, and gives it qBittorrent. */
#include "apps/radarr.h"

#include <curl/curl.h>
#include <string.h>

#include "apps/judge.h"
#include "base/address.h"

void radarr_check(struct app_session *session, const struct apps *apps, struct app_report *report)
{
	unsigned before = report_findings(report);
	struct app_answer answer;

	if (app_get(session, "/api/v3/indexer", true, &answer) < 0) {
		report_unknown(report, app_of(session), "%s", answer.problem);
	} else {
		judge_radarr_indexers(report, apps, answer.body);
		if (report_findings(report) == before)
			report_fine(report, app_of(session), "%s",
				    json_array_size(answer.body) == 0
					    ? "has no indexers yet"
					    : "all its indexers are Prowlarr's");
	}
	app_answer_clear(&answer);
}

/* -1: there is no host and port in it. *host is curl's to free either way. */
static int url_split(const char *url, char **host, uint16_t *port)
{
	CURLU *parts = curl_url();
	char *text = NULL;
	int result = -1;

	*host = NULL;
	if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_HOST, host, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    port_parse(text, strlen(text), port))
		result = 0;
	curl_free(text);
	curl_url_cleanup(parts);
	return result;
}

void radarr_ensure_qbittorrent(struct app_session *session, const struct apps *apps,
			       enum setup_mode mode, struct app_report *report)
{
	const struct app *qbittorrent = &apps->app[APP_QBITTORRENT];
	char *host;
	uint16_t port = 0;
	int result = -1;
	struct wish wish = {
		.path = "/api/v3/downloadclient",
		.implementation = "QBittorrent",
		.name = "qBittorrent",
		.what = "the download client qBittorrent",
		.why = "what Radarr finds is downloaded by nobody",
		.match = "host",
		.switch_key = "enable",
		.off = json_false(),
		.on = json_true(),
	};

	if (url_split(qbittorrent->peer_url, &host, &port) == 0) {
		wish.fields[0] = (struct wish_field){.name = "host", .text = host};
		wish.fields[1] = (struct wish_field){.name = "port", .number = port};
		wish.fields[2] = (struct wish_field){.name = "username", .text = qbittorrent->user};
		wish.fields[3] = (struct wish_field){
			.name = "password", .text = qbittorrent->key, .is_secret = true};
		wish.field_count = 4;
		result = provider_ensure(session, &wish, mode, report);
	}
	if (result == 0)
		report_fine(report, qbittorrent, "Radarr has it as its download client");
	curl_free(host);
}
