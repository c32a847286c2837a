/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The warden from its start to its end, in the order things happen. */
#include "warden/warden.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "config/environment.h"
#include "config/files.h"
#include "control/server.h"
#include "firewall/derive.h"
#include "kernel.h"
#include "namespace.h"
#include "parts.h"
#include "warden/reading.h"

static void warden_on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)what;
	if (number == SIGCHLD)
		warden_on_child_signal(arg);
	else if (number == SIGHUP)
		warden_reload(arg);
	else
		warden_stop(arg);
}

static int warden_prepare(struct warden *warden)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

	warden->base = event_base_new();
	warden->program = child_open_program();
	if (warden->base == NULL || warden->program < 0) {
		log_error("cannot start: %m");
		return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		evsignal_assign(&warden->signals[i], warden->base, numbers[i], warden_on_signal,
				warden);
		if (evsignal_add(&warden->signals[i], NULL) < 0)
			return -1;
	}
	return 0;
}

static void warden_on_report(void *arg, const struct warden_report *report)
{
	warden_tell_report(arg, report);
}

/* Owned by the proxy's user where that can be; root's group in any case, since root in a container
 * may have no right to what is another user's. */
static int control_bind(const char *path, const struct warden_user *user)
{
	int fd = -1;

	if (!user->same && seteuid(user->uid) == 0) {
		fd = control_listen(path);
		if (seteuid(0) < 0)
			abort();
		if (fd >= 0 || (errno != EACCES && errno != EPERM))
			return fd;
	}
	fd = control_listen(path);
	/* It takes CHOWN, which a container need not have: then it is root's alone. */
	if (fd >= 0 && !user->same && chown(path, user->uid, (gid_t)-1) < 0)
		log_debug("the control socket stays root's: %m");
	return fd;
}

/* NULL: *report says what is wrong. */
static struct plan *warden_read_as_later(struct warden *warden, char **report)
{
	struct reading_result read = {.files = config_files_new()};
	struct plan *plan = NULL;

	*report = NULL;
	if (privileges_set_aside() < 0)
		return NULL;
	if (read.files != NULL) {
		reading_do(&read, environment_or_file(warden->options->config_path));
		plan = plan_new(warden->options, warden->user.uid, &read, report);
	}
	reading_clear(&read);
	/* The socket of an egressd before may be another user's. */
	if (privileges_take_up() == 0)
		return plan;
	plan_free(plan);
	return NULL;
}

static int warden_read_policy(struct warden *warden)
{
	char *report;

	warden->plan = warden_read_as_later(warden, &report);
	if (warden->plan == NULL) {
		dprintf(STDERR_FILENO, "%s", report == NULL ? "out of memory\n" : report);
		free(report);
		return WARDEN_USAGE;
	}
	free(report);
	log_configure(warden->plan->config->log_level, warden->plan->config->log_format);
	warden->control = control_bind(warden->plan->config->control_path, &warden->user);
	if (warden->control >= 0)
		return WARDEN_ENDED;
	log_error("cannot listen on the control socket %s: %m (make its folder, or name another: "
		  "control PATH)",
		  warden->plan->config->control_path);
	return WARDEN_FAILED;
}

static int warden_refuse_rules(const char *problem)
{
	log_error("the packet rules are not in force, so nothing is served: %s (or start it with "
		  "--no-firewall, where another firewall stands)",
		  problem);
	return WARDEN_RULES;
}

static int warden_put_rules(struct warden *warden)
{
	char problem[FIREWALL_PROBLEM_SIZE] = "";

	if (!warden->options->no_firewall && !kernel_will_do(problem))
		return warden_refuse_rules(problem);
	if (privileges_reduce(problem) < 0) {
		log_error("cannot start: %s", problem);
		return WARDEN_FAILED;
	}
	/* Who started us may want us to end with it; the kernel forgets that when rights change. */
	(void)prctl(PR_SET_PDEATHSIG, warden->death_signal, 0, 0, 0);
	warden->rules =
		warden_rules_new(warden->options, warden->base, warden_on_report, warden, problem);
	if (warden->rules == NULL)
		return warden_refuse_rules(problem);
	if (warden_rules_put_first(warden->rules, warden->plan->rules) < 0)
		return warden_refuse_rules(warden_rules_problem(warden->rules));
	return WARDEN_ENDED;
}

static int warden_watch_namespace(struct warden *warden)
{
	warden->namespace_watch = namespace_watch_new(warden->base, warden->plan->config,
						      warden_on_namespace, warden);
	if (warden->namespace_watch == NULL)
		log_error("the network namespace cannot be watched: %m");
	return warden->namespace_watch == NULL ? -1 : 0;
}

static int warden_start(struct warden *warden)
{
	char problem[FIREWALL_PROBLEM_SIZE];
	int code;

	if (prctl(PR_GET_PDEATHSIG, &warden->death_signal, 0, 0, 0) < 0 ||
	    warden_prepare(warden) < 0)
		return WARDEN_FAILED;
	if (privileges_find_user(warden->options->user, &warden->user, problem) < 0) {
		fprintf(stderr, "egressd: %s\n", problem);
		return WARDEN_USAGE;
	}
	if (warden->user.same && !warden->options->no_firewall) {
		fputs("egressd: packet rules need root, and a user that the proxy can be; without "
		      "them, for\ndevelopment, it starts with --no-firewall\n",
		      stderr);
		return WARDEN_RULES;
	}
	code = warden_read_policy(warden);
	if (code == WARDEN_ENDED)
		code = warden_put_rules(warden);
	if (code == WARDEN_ENDED &&
	    (warden_watch(warden) < 0 || warden_watch_namespace(warden) < 0 ||
	     warden_start_proxy(warden) < 0))
		code = WARDEN_FAILED;
	return code;
}

static void warden_clear(struct warden *warden)
{
	warden_rules_free(warden->rules);
	namespace_watch_free(warden->namespace_watch);
	reading_cancel(warden->reading);
	if (warden->base != NULL) {
		for (size_t i = 0; i < ARRAY_LEN(warden->signals); i++) {
			if (event_initialized(&warden->signals[i]))
				event_del(&warden->signals[i]);
		}
		event_base_free(warden->base);
	}
	witness_free(warden->witness);
	plan_free(warden->plan);
	plan_free(warden->proposed);
	fd_close(warden->child.channel);
	fd_close(warden->control);
	fd_close(warden->program);
	libevent_global_shutdown();
}

static void warden_tell_rules_stay(const char *table)
{
	if (strcmp(table, FIREWALL_TABLE) == 0)
		log_info("the packet rules stay in force (egressctl rules remove gateway)");
	else
		log_info("the packet rules stay in force (table inet %s)", table);
}

int warden_run(const struct warden_options *options)
{
	struct warden warden = {
		.options = options, .program = -1, .control = -1, .child = {.channel = -1}};
	int code;

	/* Who keeps the packet rules waits for nobody. */
	log_never_wait();
	code = warden_start(&warden);
	if (code == WARDEN_ENDED) {
		event_base_dispatch(warden.base);
		code = warden.exit_code;
		if (!options->no_firewall)
			warden_tell_rules_stay(options->table);
		log_info("ended");
	}
	warden_clear(&warden);
	return code;
}
