/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The warden from inside. */
#ifndef WARDEN_PARTS_H
#define WARDEN_PARTS_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "plan.h"
#include "rules.h"
#include "warden/channel.h"
#include "witness.h"

struct namespace_watch;
struct reading;

struct warden {
	const struct warden_options *options;
	struct event_base *base;
	struct event signals[4];
	struct warden_user user;
	int program, control;    /* descriptors */
	struct plan *plan;       /* in force */
	struct reading *reading; /* of the file; NULL: it is not read */
	struct plan *proposed;   /* its rules are in force, and the proxy has not answered yet */
	struct warden_rules *rules;
	struct witness *witness; /* NULL with --no-firewall */
	struct event watch_event;
	struct child child;
	struct namespace_watch *namespace_watch;
	struct event channel_event, answer_event, start_event, kill_event, leave_event;
	uint32_t asked;         /* the proxy's last question for a reload */
	uint32_t answers;       /* the one that is answered by what is being read or proposed */
	bool reload_waiting;    /* another one, while there is one */
	bool stopping, leaving; /* leaving: because the namespace is gone */
	int death_signal;       /* prctl(2); 0: none */
	int exit_code;
};

/* Whose rules are in force. */
static inline struct plan *warden_plan(const struct warden *warden)
{
	return warden->proposed != NULL ? warden->proposed : warden->plan;
}

/* --- supervise.c --- */

/* Starts the proxy and tells it all it needs. -1 after the reason was logged. */
MUST_CHECK int warden_start_proxy(struct warden *warden);
void warden_on_child_signal(struct warden *warden);

/* The proxy drains and ends; the second time at once. */
void warden_stop(struct warden *warden);

/* A report for the proxy, if there is one. */
void warden_tell_report(struct warden *warden, const struct warden_report *report);

/* The namespace has lost its uplinks, or has one again. */
void warden_on_namespace(void *arg, bool gone);

/* --- watch.c --- */

/* Once a second: which links there are, and what left by them. -1 after the reason was logged. */
MUST_CHECK int warden_watch(struct warden *warden);

/* The rules of warden_plan, for the links of now, are wanted instead of another plan's, whatever
 * comes; the witness goes with them. */
void warden_want_plan(struct warden *warden);

/* --- reload.c --- */

/* Reads the policy file again, beside everything else; what comes of it is told to the proxy, and
 * logged by it. */
void warden_reload(struct warden *warden);

/* The files of the plan whose rules are in force, and to go by them. -1: the proxy does not hear.
 */
MUST_CHECK int warden_tell_plan(struct warden *warden);

/* The proxy's answer to a proposal; one that has died says no. */
void warden_on_answer(struct warden *warden, bool loaded);
void warden_on_proxy_gone(struct warden *warden);

#endif
