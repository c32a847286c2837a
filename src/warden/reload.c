/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a changed policy file to other rules and another policy: all, or nothing. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "config/files.h"
#include "namespace.h"
#include "parts.h"

/* A sentence as a descriptor: it may be longer than a message. */
static void warden_refuse(struct warden *warden, const char *report)
{
	const struct warden_message message = {.word = WARDEN_REFUSED, .asked = warden->asked};
	int fd;

	if (warden->child.channel < 0) {
		log_error("reload refused, the policy in force stays: %s", report);
		return;
	}
	fd = memfd_create("report", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, report, strlen(report)) < 0 ||
	    channel_tell(warden->child.channel, &message, fd) < 0)
		log_error("reload refused, and the proxy cannot be told: %m");
	fd_close(fd);
}

static void warden_on_answer_time(evutil_socket_t fd, short what, void *arg)
{
	struct warden *warden = arg;

	(void)fd;
	(void)what;
	log_error("the proxy has not answered for %u s, with another policy before it, and is "
		  "killed",
		  warden->options->reload_limit_s);
	child_kill(&warden->child);
}

/* The rules are the proposal's until it is answered: nothing may keep that from ending. */
static int warden_await_answer(struct warden *warden)
{
	const struct timeval limit = {warden->options->reload_limit_s, 0};

	evtimer_assign(&warden->answer_event, warden->base, warden_on_answer_time, warden);
	return event_add(&warden->answer_event, &limit);
}

int warden_tell_plan(struct warden *warden)
{
	const struct plan *plan = warden_plan(warden);
	struct warden_message message = {.word = WARDEN_FILE};

	for (size_t i = 0; i < config_files_count(plan->files); i++) {
		snprintf(message.path, sizeof(message.path), "%s",
			 config_files_path(plan->files, i));
		if (channel_tell(warden->child.channel, &message,
				 config_files_descriptor(plan->files, i)) < 0)
			return -1;
	}
	message.word = WARDEN_LOAD;
	message.asked = warden->asked;
	if (channel_tell(warden->child.channel, &message, -1) < 0)
		return -1;
	return plan == warden->proposed ? warden_await_answer(warden) : 0;
}

static void warden_propose(struct warden *warden, struct plan *plan)
{
	warden->proposed = plan;
	/* As the rules: from its first worker on, the proxy may do what the new policy allows. */
	if (warden->witness != NULL)
		witness_put(warden->witness, &plan->policy);
	/* Where there is no proxy, the next one starts with it. */
	if (warden->child.channel >= 0 && warden_tell_plan(warden) < 0) {
		log_error("the proxy does not hear and is ended: %m");
		child_kill(&warden->child);
	}
}

/* The proxy has the listening socket from the start, as it was named then. False: *report says so.
 */
static bool warden_keeps_control(const struct warden *warden, const struct plan *plan,
				 char **report)
{
	const char *path = warden->plan->config->control_path;

	if (strcmp(plan->config->control_path, path) == 0)
		return true;
	if (asprintf(report,
		     "the control socket stays %s while egressd runs: put that path back, or "
		     "start egressd anew for %s\n",
		     path, plan->config->control_path) < 0)
		*report = NULL;
	return false;
}

static struct plan *warden_read_plan(struct warden *warden, char **report)
{
	struct plan *plan = plan_new(warden->options, warden->user.uid, report);

	if (plan == NULL || warden_keeps_control(warden, plan, report))
		return plan;
	plan_free(plan);
	return NULL;
}

void warden_reload(struct warden *warden)
{
	char *report = NULL;
	struct plan *plan;

	if (warden->stopping)
		return;
	/* One at a time, and none before the proxy has taken its first policy. */
	if (warden->proposed != NULL || (warden->child.channel >= 0 && !warden->child.serves)) {
		warden->reload_waiting = true;
		return;
	}
	plan = warden_read_plan(warden, &report);
	if (plan == NULL) {
		warden_refuse(warden, report == NULL ? "out of memory\n" : report);
	} else if (warden_rules_put(warden->rules, plan->rules) < 0) {
		warden_refuse(warden, warden_rules_problem(warden->rules));
		plan_free(plan);
	} else {
		warden_propose(warden, plan);
	}
	free(report);
}

static void warden_accept(struct warden *warden, struct plan *plan)
{
	plan_free(warden->plan);
	warden->plan = plan;
	namespace_watch_use(warden->namespace_watch, warden->plan->config);
	log_configure(warden->plan->config->log_level, warden->plan->config->log_format);
}

void warden_on_answer(struct warden *warden, bool loaded)
{
	struct plan *plan = warden->proposed;

	warden->proposed = NULL;
	if (plan != NULL && event_initialized(&warden->answer_event))
		event_del(&warden->answer_event);
	if (plan != NULL && loaded) {
		warden_accept(warden, plan);
	} else if (plan != NULL) {
		warden_want_plan(warden);
		plan_free(plan);
	}
	if (warden->reload_waiting) {
		warden->reload_waiting = false;
		warden_reload(warden);
	}
}

void warden_on_proxy_gone(struct warden *warden)
{
	if (warden->proposed != NULL)
		log_error("reload refused, the policy in force stays: the proxy has ended before "
			  "it went by the new one");
	warden_on_answer(warden, false);
}
