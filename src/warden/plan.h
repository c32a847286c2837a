/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a policy file asks for, read and checked before anything is changed. */
#ifndef WARDEN_PLAN_H
#define WARDEN_PLAN_H

#include "base/compiler.h"
#include "firewall/derive.h"
#include "warden/warden.h"

struct config;
struct config_files;
struct config_rules;
struct reading_result;

struct plan {
	struct config_files *files; /* the policy's own is the first */
	struct config *config;
	/* Nothing of this with --no-firewall. */
	struct config_rules *needs;
	struct firewall_policy policy;
	struct firewall_links links;  /* as they were when the rules were made */
	struct firewall_rules *rules; /* for these links */
};

/* Takes files and config of what was read. NULL: *report (to be freed; NULL: no memory) says what
 * is wrong. */
MUST_CHECK struct plan *plan_new(const struct warden_options *options, uid_t uid,
				 struct reading_result *read, char **report);

/* Other rules for links that came or went since: *old then has those before, to be freed with
 * plan_rules_free once they are not kept any more; NULL: all is as it was. -1: *problem (static)
 * says why there are none for the links of now; the next call tries again. */
MUST_CHECK int plan_renew(struct plan *plan, const char *table, struct firewall_rules **old,
			  const char **problem);
void plan_rules_free(struct firewall_rules *rules);

void plan_free(struct plan *plan);

#endif
