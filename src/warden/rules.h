/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packet rules in force and what is known of them: put in, read back, kept, reported. Whoever
 * finds out more (what was seen leaving) writes it into the report and says so.
 */
#ifndef WARDEN_RULES_H
#define WARDEN_RULES_H

#include <stdbool.h>

#include "base/compiler.h"
#include "firewall/derive.h"
#include "firewall/kernel.h"
#include "warden/report.h"

struct event_base;
struct warden_options;
struct warden_rules;

typedef void warden_rules_changed_fn(void *arg, const struct warden_report *report);

/* With --no-firewall there are none, and none are wanted. changed is told of every report. NULL:
 * problem says what the kernel or the container lacks. */
MUST_CHECK struct warden_rules *warden_rules_new(const struct warden_options *options,
						 struct event_base *base,
						 warden_rules_changed_fn *changed, void *arg,
						 char problem[FIREWALL_PROBLEM_SIZE]);

/* Is called before each look at the kernel: what is wanted may be out of date, and be put anew. */
void warden_rules_before_look(struct warden_rules *rules, void (*renew)(void *arg), void *arg);

/* The rules stay in the kernel. */
void warden_rules_free(struct warden_rules *rules);

/*
 * Puts the rules (borrowed until the next ones) in force, each table in one step, and keeps them
 * there; nothing is changed when they are in force already. -1: warden_rules_problem says why, and
 * the ones before are still those that are wanted.
 */
MUST_CHECK int warden_rules_put(struct warden_rules *rules, const struct firewall_rules *wanted);

/* The same, but waits a little for another process that owns the table to end. */
MUST_CHECK int warden_rules_put_first(struct warden_rules *rules,
				      const struct firewall_rules *wanted);

/* Of the last one that was not put in force; one sentence, "" before there was any. */
const char *warden_rules_problem(const struct warden_rules *rules);

/* As warden_rules_put, but these are wanted whatever comes; where they cannot be put in force, that
 * is reported and tried again. */
void warden_rules_want(struct warden_rules *rules, const struct firewall_rules *wanted);

/* What is wanted is out of date, and problem says why there is nothing better: unverified, however
 * well it is kept, until told NULL. */
void warden_rules_doubt(struct warden_rules *rules, const char *problem);

/* To be written to by whoever found something out, and told then. */
struct warden_report *warden_rules_report(struct warden_rules *rules);
void warden_rules_tell(struct warden_rules *rules);

#endif
