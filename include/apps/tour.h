/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One way through all the apps: checking them, setting them up, healing them. */
#ifndef APPS_TOUR_H
#define APPS_TOUR_H

#include "apps/provider.h"

/* Which apps: those of chosen (by app_kind). What cannot be told is in the report. */
void apps_check(const struct apps *apps, const bool chosen[APP_COUNT], struct app_report *report);

/* dry: nothing is changed, and the report tells what would be. */
void apps_setup(const struct apps *apps, const bool chosen[APP_COUNT], bool dry,
		struct app_report *report);

/* Indexers that stay out are findings. */
void apps_heal(const struct apps *apps, const bool chosen[APP_COUNT], struct app_report *report);

#endif
