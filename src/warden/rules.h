/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packet rules in force and what is known of them: put in, read back, kept, reported. Whoever
 * finds out more (what was seen leaving) writes it into the report and says so.
 */
#ifndef WARDEN_RULES_H
#define WARDEN_RULES_H

#include <stdbool.h>

#include "base/compiler.h"
#include "firewall/ruleset.h"
#include "warden/report.h"

struct event_base;
struct firewall;
struct warden_options;
struct warden_rules;

typedef void warden_rules_changed_fn(void *arg, const struct warden_report *report);

/* With --no-firewall there are none, and none are wanted. changed is told of every report. NULL:
 * problem says what the kernel or the container lacks. */
MUST_CHECK struct warden_rules *warden_rules_new(const struct warden_options *options,
						 struct event_base *base,
						 warden_rules_changed_fn *changed, void *arg,
						 char problem[400]);

/* The rules stay in the kernel. */
void warden_rules_free(struct warden_rules *rules);

/*
 * Puts the ruleset (borrowed until the next one) in force, in one step, and keeps it there; nothing
 * is changed when it is in force already. -1: warden_rules_problem says why, and the one before is
 * still the one that is wanted.
 */
MUST_CHECK int warden_rules_put(struct warden_rules *rules, const struct ruleset *ruleset);

/* The same, but this one is wanted whatever comes; where it cannot be put in force, that is
 * reported and tried again. */
void warden_rules_put_back(struct warden_rules *rules, const struct ruleset *ruleset);

/* The same, but waits a little for another process that owns the table to end. */
MUST_CHECK int warden_rules_put_first(struct warden_rules *rules, const struct ruleset *ruleset);

const char *warden_rules_problem(const struct warden_rules *rules);

/* For who looks further: the way to the kernel (NULL: off), and what should be there. */
struct firewall *warden_rules_firewall(const struct warden_rules *rules);
const struct ruleset *warden_rules_wanted(const struct warden_rules *rules);

/* To be written to by whoever found something out, and told then. */
struct warden_report *warden_rules_report(struct warden_rules *rules);
void warden_rules_tell(struct warden_rules *rules);

/* The state, with why; logs and tells. */
void warden_rules_set_state(struct warden_rules *rules, enum warden_rules_state state,
			    const char *reason);

#endif
