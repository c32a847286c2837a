/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Radarr through its API (v3). What cannot be told is said in the report. */
#ifndef APPS_RADARR_H
#define APPS_RADARR_H

#include "apps/provider.h"

/* Its indexers and what it says of its health. */
void radarr_check(struct app_session *session, const struct apps *apps, struct app_report *report);

/* qBittorrent as its download client. */
void radarr_ensure_qbittorrent(struct app_session *session, const struct apps *apps,
			       enum setup_mode mode, struct app_report *report);

#endif
