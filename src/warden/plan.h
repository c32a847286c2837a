/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a policy file asks for, read and checked before anything is changed. */
#ifndef WARDEN_PLAN_H
#define WARDEN_PLAN_H

#include "base/compiler.h"
#include "firewall/ruleset.h"
#include "warden/warden.h"

struct config;
struct config_files;

struct plan {
	struct config_files *files; /* the policy's own is the first */
	struct config *config;
	struct ruleset ruleset; /* empty with --no-firewall */
};

/* NULL: *report (to be freed; NULL: no memory) says what is wrong. */
MUST_CHECK struct plan *plan_new(const struct warden_options *options, uid_t uid, char **report);
void plan_free(struct plan *plan);

#endif
