/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qBittorrent through its Web API (v2). */
#ifndef APPS_QBITTORRENT_H
#define APPS_QBITTORRENT_H

#include "apps/report.h"
#include "apps/session.h"

/* Does it take the login that it is given? Once, since it bans who fails too often. */
void qbittorrent_check(struct app_session *session, struct app_report *report);

#endif
