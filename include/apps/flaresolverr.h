/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FlareSolverr through its API. */
#ifndef APPS_FLARESOLVERR_H
#define APPS_FLARESOLVERR_H

#include <stddef.h>

#include "apps/report.h"
#include "apps/session.h"
#include "base/address.h"

/*
 * Does it answer? With an echo URL also: by which address does it go out when Prowlarr's proxy is
 * named, by which when none is, and by which does who stands here through the same proxy? An answer
 * without an address (a refusal) is none.
 */
void flaresolverr_check(struct app_session *session, const struct apps *apps,
			struct app_report *report);

/* The first IP address in a page, as text between anything. False: there is none. Pure. */
bool echo_find_address(const char *text, size_t len, struct address *address);

#endif
