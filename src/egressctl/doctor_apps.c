/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of egressd's neighbours: Gluetun's control server, the apps, qBittorrent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apps/app.h"
#include "apps/report.h"
#include "apps/tour.h"
#include "base/text.h"
#include "config/config.h"
#include "doctor.h"
#include "egressctl/print.h"
#include "egressctl/torrents.h"
#include "egressctl/tunnel.h"
#include "tunnel/gluetun.h"

static const char gluetun_route[] = "/v1/vpn/status";

/* What the key of the policy opens, and whether anybody gets in without one. */
static void gluetun_judge(const struct egress_config *egress, const char *key,
			  struct gluetun_answer *answer, struct doctor_finding *finding)
{
	gluetun_ask(egress->gluetun_url, NULL, "GET", gluetun_route, NULL, answer);
	if (answer->outcome == GLUETUN_ANSWERED) {
		doctor_find(finding, DOCTOR_WARN,
			    "its control server asks nobody for a key: whoever reaches it can stop "
			    "the VPN");
		doctor_cure(finding, "%s", tunnel_roles);
		return;
	}
	if (key != NULL && answer->outcome == GLUETUN_NEEDS_KEY)
		gluetun_ask(egress->gluetun_url, key, "GET", gluetun_route, NULL, answer);
	switch (answer->outcome) {
	case GLUETUN_ANSWERED:
		doctor_find(finding, DOCTOR_OK, "its control server takes the policy's key");
		break;
	case GLUETUN_NEEDS_KEY:
		doctor_find(finding, DOCTOR_WARN,
			    "its control server (HTTP status %d) %s; the VPN works without, but "
			    "what Gluetun says of it is not known",
			    answer->status,
			    key == NULL ? "wants a key, and the policy has none"
					: "does not take the policy's key");
		doctor_cure(finding, "configure the key. %s", tunnel_roles);
		break;
	default:
		doctor_find(finding, DOCTOR_WARN, "%s",
			    answer->outcome == GLUETUN_SILENT
				    ? "no control server answers where the policy says"
				    : "what answers there is no control server of Gluetun");
		doctor_cure(finding, "HTTP_CONTROL_SERVER_ADDRESS of Gluetun and 'gluetun URL' of "
				     "the policy have to name the same place");
		break;
	}
}

static void check_gluetun(const struct doctor *doctor, unsigned number,
			  struct doctor_finding *finding)
{
	const struct egress_config *egress =
		doctor->config == NULL ? NULL : tunnel_find_gluetun(doctor->config);
	struct gluetun_answer *answer;
	char key[GLUETUN_KEY_SIZE];

	(void)number;
	if (egress == NULL) {
		doctor_find(finding, DOCTOR_SKIP, "the policy names no control server of Gluetun");
		return;
	}
	if (egress->key_file != NULL && gluetun_read_key(egress->key_file, key) < 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "%.200s: %s", egress->key_file,
			    errno == ENODATA ? "there is no key in it" : strerror(errno));
		doctor_cure(finding, "%s", tunnel_roles);
		return;
	}
	answer = malloc(sizeof(*answer));
	if (answer == NULL)
		doctor_find(finding, DOCTOR_UNKNOWN, "out of memory");
	else
		gluetun_judge(egress, egress->key_file == NULL ? NULL : key, answer, finding);
	free(answer);
	explicit_bzero(key, sizeof(key));
}

/* --- the apps' settings --- */

/* The findings, or what could not be told, one after the other. */
static void report_words(const struct app_report *report, const char *kind,
			 struct doctor_finding *finding)
{
	const json_t *item;
	struct text words, cures;
	size_t i;

	text_init(&words, finding->evidence, sizeof(finding->evidence));
	text_init(&cures, finding->cure, sizeof(finding->cure));
	text_add(&cures, "egressctl apps check says why each matters");
	json_array_foreach(report_items(report), i, item)
	{
		const char *cure = json_text(item, "cure", "");

		if (strcmp(json_text(item, "kind", ""), kind) != 0)
			continue;
		text_add_format(&words, "%s%s: %s", words.len > 0 ? "; " : "",
				json_text(item, "app", "?"), json_text(item, "what", "?"));
		if (cure[0] != '\0' && strstr(finding->cure, cure) == NULL)
			text_add_format(&cures, "\n%s", cure);
	}
}

static void apps_judge(const struct apps *apps, const bool chosen[APP_COUNT],
		       struct doctor_finding *finding)
{
	struct app_report *report = report_new(apps);

	if (report == NULL) {
		doctor_find(finding, DOCTOR_UNKNOWN, "out of memory");
		return;
	}
	apps_check(apps, chosen, report);
	if (report_findings(report) > 0) {
		report_words(report, "finding", finding);
		finding->result = DOCTOR_WARN;
	} else if (report_unknowns(report) > 0) {
		report_words(report, "unknown", finding);
		finding->result = DOCTOR_UNKNOWN;
	} else {
		doctor_find(finding, DOCTOR_OK, "their settings keep them on this side of egressd");
	}
	report_free(report);
}

static void check_apps(const struct doctor *doctor, unsigned number, struct doctor_finding *finding)
{
	struct app_options options = {0};
	bool chosen[APP_COUNT] = {false}, any = false;
	char problem[APP_PROBLEM_SIZE];
	struct apps apps;

	(void)number;
	if (doctor->config != NULL) {
		options.url[APP_PROWLARR] = doctor->config->heal.url;
		options.key_file[APP_PROWLARR] = doctor->config->heal.key_file;
	}
	if (apps_read(&apps, &options, problem) < 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "%s", problem);
		return;
	}
	for (int kind = 0; kind < APP_COUNT; kind++) {
		chosen[kind] = apps.app[kind].key[0] != '\0';
		any = any || chosen[kind];
	}
	chosen[APP_FLARESOLVERR] = any;
	if (any)
		apps_judge(&apps, chosen, finding);
	else
		doctor_find(finding, DOCTOR_SKIP,
			    "no key of theirs is known here (PROWLARR_API_KEY, RADARR_API_KEY, ... "
			    "in the environment, or heal in the policy); or: egressctl apps check");
	apps_clear(&apps);
}

static void check_torrents(const struct doctor *doctor, unsigned number,
			   struct doctor_finding *finding)
{
	char name[ADDRESS_TEXT_SIZE];
	struct address address;

	(void)doctor, (void)number;
	switch (torrents_find(&address)) {
	case TORRENTS_INSIDE:
		doctor_find(finding, DOCTOR_OK,
			    "qBittorrent stands in the VPN's namespace; in its settings, Advanced, "
			    "Network interface has to be the tunnel's device");
		break;
	case TORRENTS_OUTSIDE:
		doctor_find(finding, DOCTOR_WARN,
			    "qBittorrent, at %s, is outside the VPN: torrent traffic is not "
			    "protected, and every peer of every torrent sees your address",
			    address_format(&address, name));
		doctor_cure(finding, TORRENTS_CURE);
		break;
	default:
		doctor_find(finding, DOCTOR_SKIP,
			    "QBITTORRENT_URL does not tell where a qBittorrent is; one outside the "
			    "VPN is not protected by it");
		break;
	}
}

const struct doctor_check doctor_app_checks[] = {
	{"gluetun", check_gluetun, 0},
	{"apps", check_apps, 0},
	{"torrents", check_torrents, 0},
	{0},
};
