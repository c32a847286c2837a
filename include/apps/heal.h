/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After an outage: the apps leave indexers out for minutes and then hours; a test that works ends
 * that. */
#ifndef APPS_HEAL_H
#define APPS_HEAL_H

#include "apps/session.h"

struct heal_result {
	unsigned asked;  /* indexers that were tested */
	unsigned healed; /* of which the test worked */
};

/* Called for each indexer that was tested. failures: what the app says of it; "": it works. */
typedef void heal_fn(void *arg, const char *name, const char *failures);

/*
 * Prowlarr: tests those that it leaves out, one after the other, each within its own time. The
 * others are let alone: trackers do not love to be asked. -1: problem says why it could not be
 * told.
 */
MUST_CHECK int prowlarr_heal(struct app_session *session, heal_fn *on_each, void *arg,
			     struct heal_result *result, char problem[APP_PROBLEM_SIZE]);

/* Radarr: tests all its indexers, since it does not say which it leaves out. They are Prowlarr's.
 */
MUST_CHECK int radarr_heal(struct app_session *session, heal_fn *on_each, void *arg,
			   struct heal_result *result, char problem[APP_PROBLEM_SIZE]);

#endif
