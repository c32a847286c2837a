/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is wrong with what an app says of itself: each takes an app's JSON as it came, whatever it
 * is, and adds findings to the report. Pure: nobody is asked.
 */
#ifndef APPS_JUDGE_H
#define APPS_JUDGE_H

#include <jansson.h>

#include "apps/report.h"

/* Prowlarr's config/host: its proxy, what goes past it, who may log in. */
void judge_host(struct app_report *report, const struct apps *apps, const json_t *host);

/* Prowlarr's indexers: what makes others fetch from the tracker themselves. */
void judge_indexers(struct app_report *report, const struct apps *apps, const json_t *indexers);

/* Prowlarr's indexerstatus: who is left out after failures. indexers: for their names. */
void judge_statuses(struct app_report *report, const struct apps *apps, const json_t *statuses,
		    const json_t *indexers);

/* Prowlarr's indexerproxy: proxies of single indexers go before the global one. */
void judge_proxies(struct app_report *report, const struct apps *apps, const json_t *proxies);

/* health of Prowlarr and Radarr: what they say of their own proxy. */
void judge_health(struct app_report *report, const struct app *app, const json_t *health);

/* Radarr's indexers: those that do not go through Prowlarr. */
void judge_radarr_indexers(struct app_report *report, const struct apps *apps,
			   const json_t *indexers);

/* Overseerr's settings/network and settings/radarr. */
void judge_network(struct app_report *report, const struct apps *apps, const json_t *network);
void judge_servers(struct app_report *report, const struct apps *apps, const json_t *servers);

#endif
