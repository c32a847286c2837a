/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prowlarr through its API (v1). What cannot be told is said in the report. */
#ifndef APPS_PROWLARR_H
#define APPS_PROWLARR_H

#include "apps/provider.h"

/* Its settings, indexers and health. */
void prowlarr_check(struct app_session *session, const struct apps *apps,
		    struct app_report *report);

/* The global proxy: egressd, for all but local names. */
void prowlarr_ensure_proxy(struct app_session *session, const struct apps *apps,
			   enum setup_mode mode, struct app_report *report);

/* FlareSolverr as an indexer proxy with the tag "flaresolverr". */
void prowlarr_ensure_flaresolverr(struct app_session *session, const struct apps *apps,
				  enum setup_mode mode, struct app_report *report);

/* Radarr as an application, and its indexers brought there. */
void prowlarr_ensure_radarr(struct app_session *session, const struct apps *apps,
			    enum setup_mode mode, struct app_report *report);

#endif
