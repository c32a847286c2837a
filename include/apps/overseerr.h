/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overseerr and its successor Seerr through their API (v1). */
#ifndef APPS_OVERSEERR_H
#define APPS_OVERSEERR_H

#include "apps/report.h"
#include "apps/session.h"

/* Does it answer, does it know a Radarr, does it use a proxy? Without a key only the first. */
void overseerr_check(struct app_session *session, const struct apps *apps,
		     struct app_report *report);

#endif
