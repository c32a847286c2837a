/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a file to a snapshot in force: all, or nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "config/files.h"
#include "config/report.h"
#include "egressd/daemon.h"
#include "egressd/healer.h"
#include "egressd/publish.h"
#include "egressd/snapshot.h"
#include "net/listen.h"
#include "warden/channel.h"
#include "warden/reading.h"

enum {
	RELOAD_BACKLOG = 4096,
};

/* NULL: *report says why. With a snapshot, *report holds the warnings, or is "". */
static struct snapshot *reload_build(struct daemon *daemon, struct reading_result *read,
				     char **report)
{
	struct snapshot *snapshot = NULL;
	char problem[512] = "";

	*report = NULL;
	if (read->config != NULL)
		snapshot = snapshot_new(config_ref(read->config), daemon->files, daemon->monitor,
					&daemon->totals, problem);
	if (snapshot != NULL && healer_set(NULL, snapshot->config, daemon->files, problem) < 0) {
		snapshot_unref(snapshot);
		snapshot = NULL;
	}
	if (problem[0] != '\0' && asprintf(report, "%s\n", problem) < 0)
		*report = NULL;
	else if (problem[0] == '\0' && read->found != NULL)
		*report = config_report_text(read->found, config_files_path(daemon->files, 0));
	return snapshot;
}

/* What is not handed to workers. */
static void reload_apply(struct daemon *daemon)
{
	const struct config *config = daemon->snapshot->config;
	char problem[512];

	daemon->loaded_at_ms = clock_wall_ms();
	daemon_watch_gluetun(daemon);
	log_configure(config->log_level, config->log_format);
	if (healer_set(daemon->healer, config, daemon->files, problem) < 0)
		log_error("%s", problem);
}

int daemon_load_first(struct daemon *daemon, char **report)
{
	struct reading_result read = {.files = config_files_dup(daemon->files)};

	*report = NULL;
	if (read.files != NULL) {
		reading_do(&read, NULL);
		daemon->snapshot = reload_build(daemon, &read, report);
	}
	reading_clear(&read);
	if (daemon->snapshot == NULL)
		return -1;
	reload_apply(daemon);
	if (*report != NULL && (*report)[0] != '\0')
		log_warn("the policy file has warnings: %s", *report);
	return 0;
}

/* One socket a worker for each endpoint that is new: sockets[worker * new + i]. -1 + errno, *failed
 * says where. */
static int reload_open_sockets(const struct snapshot *snapshot, const struct snapshot *old,
			       unsigned workers, struct worker_socket *sockets, size_t *count,
			       struct address *failed)
{
	size_t each = 0;

	for (size_t i = 0; i < snapshot->endpoint_count; i++)
		each += old == NULL ||
			snapshot_find_endpoint(old, &snapshot->endpoints[i].address) == NULL;
	*count = 0;
	for (unsigned worker = 0; worker < workers; worker++) {
		for (size_t i = 0; i < snapshot->endpoint_count; i++) {
			const struct address *address = &snapshot->endpoints[i].address;
			int fd;

			if (old != NULL && snapshot_find_endpoint(old, address) != NULL)
				continue;
			fd = listen_open(address, RELOAD_BACKLOG);
			if (fd < 0) {
				*failed = *address;
				return -1;
			}
			sockets[(*count)++] = (struct worker_socket){*address, fd};
		}
	}
	return (int)each;
}

static void reload_close_sockets(const struct worker_socket *sockets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fd_close(sockets[i].fd);
}

static void reload_explain_listen(char **report, const struct address *failed)
{
	char text[ADDRESS_TEXT_SIZE];

	if (report == NULL)
		log_error("cannot listen on %s: %m", address_format_endpoint(failed, text));
	else if (asprintf(report, "cannot listen on %s: %m\n",
			  address_format_endpoint(failed, text)) < 0)
		*report = NULL;
}

/* Who asked for a reload, until the warden or the last worker has answered. */
struct reload_waiter {
	daemon_reloaded_fn *done;
	void *arg;
	uint32_t number;
	STAILQ_ENTRY(reload_waiter) link;
};

static void reload_remember_error(struct daemon *daemon, const char *report)
{
	free(daemon->reload_error);
	daemon->reload_error = report == NULL ? NULL : strdup(report);
	daemon->reload_error_at_ms = clock_wall_ms();
}

void daemon_end_reload(struct daemon *daemon, bool ok, const char *report)
{
	struct reload_waiter *waiter;

	if (ok) {
		log_info("policy reloaded");
		reload_remember_error(daemon, NULL);
	} else {
		report = report == NULL ? "out of memory" : report;
		log_error("reload refused, the policy in force stays: %s", report);
		reload_remember_error(daemon, report);
	}
	/* Later ones have asked after the file was read. */
	while ((waiter = STAILQ_FIRST(&daemon->waiters)) != NULL &&
	       (int32_t)(waiter->number - daemon->answers) <= 0) {
		STAILQ_REMOVE_HEAD(&daemon->waiters, link);
		/* After api_free nobody may be told. */
		if (daemon->api != NULL)
			waiter->done(waiter->arg, ok, report);
		free(waiter);
	}
}

static void reload_answer(struct daemon *daemon, enum proxy_word word)
{
	if (channel_answer(daemon->channel, word, 0) < 0)
		log_error("the warden cannot be answered: %m");
}

static const char *reload_rules_text(const struct daemon *daemon)
{
	return daemon->report.rules == WARDEN_RULES_OFF ? "off (--no-firewall)" : "in force";
}

/* Here, so that no worker is the last to go by it. */
static void reload_drop_retired(struct daemon *daemon)
{
	struct config *config;

	if (daemon->retired == NULL)
		return;
	config = config_ref(daemon->retired->config);
	snapshot_unref(daemon->retired);
	daemon->retired = NULL;
	reading_retire(config, NULL);
}

/* In main's thread, once for each worker that has taken a snapshot over. */
static void reload_on_applied(struct message *message, void *owner)
{
	struct daemon *daemon = owner;

	free(message);
	if (--daemon->publishing > 0)
		return;
	reload_drop_retired(daemon);
	reload_answer(daemon, PROXY_LOADED);
	if (daemon->is_ready)
		daemon_end_reload(daemon, true, daemon->reload_warnings);
	else
		log_info("ready: %zu addresses, %u workers, rules %s",
			 daemon->snapshot->endpoint_count, daemon->shared.workers,
			 reload_rules_text(daemon));
	daemon->is_ready = true;
}

int daemon_publish(struct daemon *daemon, struct snapshot *snapshot, char **report)
{
	const struct snapshot *old = daemon->snapshot == snapshot ? NULL : daemon->snapshot;
	size_t room = (size_t)daemon->shared.workers * (snapshot->endpoint_count + 1);
	struct worker_socket *sockets = calloc(room, sizeof(*sockets));
	struct address failed = {0};
	size_t count = 0;
	int each = sockets == NULL ? -1
				   : reload_open_sockets(snapshot, old, daemon->shared.workers,
							 sockets, &count, &failed);

	if (each < 0) {
		reload_explain_listen(report, &failed);
		if (sockets != NULL)
			reload_close_sockets(sockets, count);
		free(sockets);
		return -1;
	}
	for (unsigned i = 0; i < daemon->shared.workers; i++) {
		worker_publish(daemon->workers[i], snapshot, sockets + (size_t)i * (size_t)each,
			       (size_t)each, reload_on_applied);
		daemon->publishing++;
	}
	free(sockets);
	return 0;
}

/* -1: nothing was changed; *report (to be freed) is what a person should read either way. */
static int reload_replace(struct daemon *daemon, struct reading_result *read, char **report)
{
	struct snapshot *snapshot = reload_build(daemon, read, report);
	char *listen_problem = NULL;

	if (snapshot == NULL)
		return -1;
	if (daemon_publish(daemon, snapshot, &listen_problem) < 0) {
		free(*report);
		*report = listen_problem;
		snapshot_unref(snapshot);
		return -1;
	}
	daemon->retired = daemon->snapshot;
	daemon->snapshot = snapshot;
	reload_apply(daemon);
	return 0;
}

static void reload_refuse(struct daemon *daemon, const char *report)
{
	reload_answer(daemon, PROXY_REFUSED);
	daemon_end_reload(daemon, false, report);
}

/* They are of the next policy from here on. */
static void reload_drop_files(struct daemon *daemon)
{
	config_files_free(daemon->files);
	daemon->files = NULL;
}

static void reload_on_read(void *arg, struct reading_result *read)
{
	struct daemon *daemon = arg;
	char *report;

	daemon->reading = NULL;
	free(daemon->reload_warnings);
	daemon->reload_warnings = NULL;
	if (reload_replace(daemon, read, &report) == 0) {
		daemon->reload_warnings = report;
	} else {
		reload_refuse(daemon, report);
		free(report);
	}
	reload_drop_files(daemon);
}

void daemon_load(struct daemon *daemon)
{
	daemon->reading = reading_start(daemon->base, daemon->files, NULL, READING_PATIENCE_MS,
					reload_on_read, daemon);
	if (daemon->reading != NULL)
		return;
	reload_refuse(daemon, "there is no thread or no memory to read the policy file\n");
	reload_drop_files(daemon);
}

void daemon_reload(struct daemon *daemon, daemon_reloaded_fn *done, void *arg)
{
	struct reload_waiter *waiter = calloc(1, sizeof(*waiter));

	if (waiter == NULL ||
	    channel_answer(daemon->channel, PROXY_RELOAD, daemon->asked + 1) < 0) {
		free(waiter);
		done(arg, false, "the warden cannot be asked\n");
		return;
	}
	*waiter = (struct reload_waiter){.done = done, .arg = arg, .number = ++daemon->asked};
	STAILQ_INSERT_TAIL(&daemon->waiters, waiter, link);
}
