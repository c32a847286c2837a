/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Once a second: links that came and went, and what left beside the tunnel. */
#include <event2/event.h>

#include "base/log.h"
#include "parts.h"

enum {
	WATCH_EVERY_S = 1,
};

/* The rules for frames name every link: another link, other rules. */
static void watch_put(struct warden *warden, bool is_other_plan)
{
	struct plan *plan = warden_plan(warden);
	struct firewall_rules *old;
	const char *problem;
	bool is_known = plan_renew(plan, warden->options->table, &old, &problem) == 0;

	if (is_other_plan || old != NULL) {
		warden_rules_want(warden->rules, plan->rules);
		plan_rules_free(old);
		witness_put(warden->witness, &plan->policy);
	}
	warden_rules_doubt(warden->rules, is_known ? NULL : problem);
}

static void watch_renew(void *arg)
{
	watch_put(arg, false);
}

void warden_want_plan(struct warden *warden)
{
	if (warden->witness != NULL)
		watch_put(warden, true);
}

static void warden_on_watch_time(evutil_socket_t fd, short what, void *arg)
{
	struct warden *warden = arg;
	struct warden_message message = {.word = WARDEN_REPORT};

	(void)fd;
	(void)what;
	watch_renew(warden);
	if (!witness_look(warden->witness) || warden->child.channel < 0)
		return;
	message.report = *warden_rules_report(warden->rules);
	message.report.same_user = warden->user.same;
	/* Numbers only: a proxy that is too busy for them hears the next ones. */
	if (channel_tell(warden->child.channel, &message, -1) < 0)
		log_debug("the proxy does not hear what the witness saw: %m");
}

int warden_watch(struct warden *warden)
{
	const struct timeval every = {WATCH_EVERY_S, 0};
	char problem[FIREWALL_PROBLEM_SIZE];

	if (warden->options->no_firewall)
		return 0;
	warden->witness = witness_new(warden->options->table, !warden->options->no_owner,
				      &warden_rules_report(warden->rules)->witness, problem);
	if (warden->witness == NULL) {
		log_error("the witness cannot count what leaves: %s", problem);
		return -1;
	}
	witness_put(warden->witness, &warden->plan->policy);
	/* A link that has gone has changed the rules, as the kernel sees it: these are not drift.
	 */
	warden_rules_before_look(warden->rules, watch_renew, warden);
	event_assign(&warden->watch_event, warden->base, -1, EV_PERSIST, warden_on_watch_time,
		     warden);
	return event_add(&warden->watch_event, &every);
}
