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
#include "config/environment.h"
#include "config/files.h"
#include "namespace.h"
#include "parts.h"
#include "warden/reading.h"

/* A sentence as a descriptor: it may be longer than a message. */
static void warden_refuse(struct warden *warden, const char *report)
{
	const struct warden_message message = {.word = WARDEN_REFUSED, .asked = warden->answers};
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
	message.asked = warden->answers;
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

/* Whether there can be a proposal: one at a time, and none before the proxy has taken its first
 * policy. */
static bool warden_can_propose(const struct warden *warden)
{
	return warden->proposed == NULL && (warden->child.channel < 0 || warden->child.serves);
}

static void warden_reload_again(struct warden *warden)
{
	if (!warden->reload_waiting)
		return;
	warden->reload_waiting = false;
	warden_reload(warden);
}

/* False: *report says why. */
static bool warden_use(struct warden *warden, struct reading_result *read, char **report)
{
	struct plan *plan = plan_new(warden->options, warden->user.uid, read, report);

	if (plan == NULL)
		return false;
	if (!warden_keeps_control(warden, plan, report)) {
		plan_free(plan);
		return false;
	}
	if (warden_rules_put(warden->rules, plan->rules) < 0) {
		*report = strdup(warden_rules_problem(warden->rules));
		plan_free(plan);
		return false;
	}
	warden_propose(warden, plan);
	return true;
}

static void warden_on_read(void *arg, struct reading_result *read)
{
	struct warden *warden = arg;
	char *report = NULL;

	warden->reading = NULL;
	if (warden->stopping)
		return;
	if (!warden_can_propose(warden)) {
		/* The proxy is a new one, and still busy with the policy in force. */
		warden->reload_waiting = true;
	} else if (!warden_use(warden, read, &report)) {
		warden_refuse(warden, report == NULL ? "out of memory\n" : report);
		warden_reload_again(warden);
	}
	free(report);
}

void warden_reload(struct warden *warden)
{
	if (warden->stopping)
		return;
	if (warden->reading != NULL || !warden_can_propose(warden)) {
		warden->reload_waiting = true;
		return;
	}
	warden->answers = warden->asked;
	warden->reading =
		reading_start(warden->base, NULL, environment_or_file(warden->options->config_path),
			      READING_PATIENCE_MS, warden_on_read, warden);
	if (warden->reading == NULL)
		warden_refuse(warden, "there is no thread or no memory to read the policy file\n");
}

static void warden_accept(struct warden *warden, struct plan *plan)
{
	struct config *config = config_ref(warden->plan->config);
	struct config_files *files = warden->plan->files;

	warden->plan->files = NULL;
	plan_free(warden->plan);
	reading_retire(config, files);
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
	warden_reload_again(warden);
}

void warden_on_proxy_gone(struct warden *warden)
{
	if (warden->proposed != NULL)
		log_error("reload refused, the policy in force stays: the proxy has ended before "
			  "it went by the new one");
	warden_on_answer(warden, false);
}
