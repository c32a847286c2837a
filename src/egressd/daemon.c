/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Start, signals, stop. */
#include "egressd/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "config/files.h"
#include "egressd/healer.h"
#include "egressd/publish.h"
#include "egressd/snapshot.h"
#include "tunnel/gluetun.h"
#include "tunnel/tunnel.h"
#include "warden/reading.h"
#include "warden/warden.h"

enum {
	DAEMON_DRAIN_MS = 10 * 1000,
	DAEMON_WORKERS_MAX = 64,
	DAEMON_DESCRIPTORS_KEPT = 1024,
};

/* In the monitor's thread. */
static void daemon_on_tunnel_change(void *arg, struct tunnel *tunnel,
				    const struct tunnel_status *status)
{
	struct daemon *daemon = arg;
	struct log_line line;

	(void)tunnel;
	log_begin(&line, LOG_INFO, "tunnel");
	log_field(&line, "device", status->device);
	log_field(&line, "state", tunnel_state_name(status->state));
	log_field_number(&line, "epoch", status->epoch);
	log_field_number(&line, "ifindex", status->ifindex);
	log_field(&line, "reason", status->reason);
	log_end(&line);
	for (unsigned i = 0; i < daemon->shared.workers; i++)
		worker_wake_tunnels(daemon->workers[i]);
	gluetun_wake(daemon->gluetun);
	/* Last: what is tested then goes through workers that know of it. */
	healer_on_tunnel(daemon->healer, status, clock_monotonic_ms());
}

void daemon_stop(struct daemon *daemon)
{
	log_info(daemon->stopping ? "ending at once"
				  : "draining, at most %d s; once more ends at once",
		 DAEMON_DRAIN_MS / 1000);
	for (unsigned i = 0; i < daemon->shared.workers; i++)
		worker_stop(daemon->workers[i], daemon->stopping ? 0 : DAEMON_DRAIN_MS);
	daemon->stopping = true;
}

static void daemon_on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	mailbox_run(&daemon->mailbox, daemon);
}

static int daemon_prepare(struct daemon *daemon)
{
	daemon->base = event_base_new();
	daemon->mailbox.fd = -1;
	if (daemon->base == NULL || mailbox_init(&daemon->mailbox) < 0)
		return -1;
	event_assign(&daemon->mail_event, daemon->base, daemon->mailbox.fd, EV_READ | EV_PERSIST,
		     daemon_on_mail, daemon);
	if (event_add(&daemon->mail_event, NULL) < 0)
		return -1;
	if (daemon_inspection_new(daemon) < 0)
		return -1;
	daemon->gluetun = gluetun_new();
	daemon->healer = healer_new();
	daemon->monitor = tunnel_monitor_new(daemon_on_tunnel_change, daemon);
	daemon->shared.login_checker = login_checker_new();
	daemon->shared.refusals = refusals_new();
	return daemon->gluetun == NULL || daemon->healer == NULL || daemon->monitor == NULL ||
			       daemon->shared.login_checker == NULL ||
			       daemon->shared.refusals == NULL
		       ? -1
		       : 0;
}

/* In main's thread, when a worker's loop has ended. */
static void daemon_on_worker_ended(struct message *message, void *owner)
{
	struct daemon *daemon = owner;

	(void)message;
	if (--daemon->workers_running == 0)
		event_base_loopbreak(daemon->base);
}

/* An eighth, or enough for pipes and lookups of many at once, is kept for clients that are served.
 */
static int daemon_descriptors_few(void)
{
	struct rlimit limit;
	rlim_t kept;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	kept = limit.rlim_cur / 8;
	if (kept > DAEMON_DESCRIPTORS_KEPT)
		kept = DAEMON_DESCRIPTORS_KEPT;
	return (int)(limit.rlim_cur - kept);
}

static int daemon_start_workers(struct daemon *daemon, unsigned wanted)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned count = wanted != 0 ? wanted : processors > 0 ? (unsigned)processors : 1;

	if (count > DAEMON_WORKERS_MAX)
		count = DAEMON_WORKERS_MAX;
	daemon->workers = calloc(count, sizeof(struct worker *));
	if (daemon->workers == NULL)
		return -1;
	daemon->shared.workers = count;
	daemon->shared.descriptors_few = daemon_descriptors_few();
	for (unsigned i = 0; i < count; i++) {
		daemon->workers[i] = worker_new(&daemon->shared, i);
		if (daemon->workers[i] == NULL)
			return -1;
		daemon->workers[i]->ended_message.run = daemon_on_worker_ended;
		daemon->workers[i]->owner = &daemon->mailbox;
	}
	for (unsigned i = 0; i < count; i++) {
		if (worker_start(daemon->workers[i]) < 0)
			return -1;
		daemon->workers_running++;
	}
	return 0;
}

static int daemon_open_control(struct daemon *daemon)
{
	daemon->api = api_new(daemon->base, daemon->control, &daemon_backend, daemon);
	if (daemon->api == NULL)
		return -1;
	daemon->control = -1;
	return 0;
}

static int daemon_load_policy(struct daemon *daemon, int *exit_code)
{
	char *report = NULL;
	int result = daemon_load_first(daemon, &report);

	if (result < 0) {
		*exit_code = WARDEN_USAGE;
		dprintf(STDERR_FILENO, "%s", report == NULL ? "out of memory\n" : report);
	}
	free(report);
	return result;
}

static void daemon_on_refused_call(evutil_socket_t fd, short what, void *arg)
{
	char name[64] = "";
	uint64_t count = confine_read_refused(name);
	struct log_line line;

	(void)fd;
	(void)what;
	(void)arg;
	if (count == 0)
		return;
	log_begin(&line, LOG_ERROR, "system call refused");
	log_field(&line, "name", name);
	log_field_number(&line, "count", (int64_t)count);
	log_end(&line);
}

/* After everything that is made only once, and before the first client. */
static int daemon_confine(struct daemon *daemon)
{
	if (confine_start(&daemon->confinement) < 0)
		return -1;
	if (daemon->confinement != CONFINEMENT_ON)
		return 0;
	event_assign(&daemon->confine_event, daemon->base, confine_descriptor(),
		     EV_READ | EV_PERSIST, daemon_on_refused_call, daemon);
	return event_add(&daemon->confine_event, NULL);
}

int daemon_start(struct daemon *daemon, int channel, int *exit_code)
{
	*exit_code = WARDEN_FAILED;
	daemon->channel = channel;
	daemon->control = -1;
	daemon->started_at_ms = clock_wall_ms();
	STAILQ_INIT(&daemon->waiters);
	if (daemon_prepare(daemon) < 0) {
		log_error("cannot start: %m");
		return -1;
	}
	if (daemon_take_orders(daemon) < 0) {
		*exit_code = WARDEN_ENDED;
		return -1;
	}
	if (daemon_load_policy(daemon, exit_code) < 0)
		return -1;
	if (daemon_start_workers(daemon, daemon->snapshot->config->workers) < 0 ||
	    tunnel_monitor_start(daemon->monitor) < 0 || daemon_open_control(daemon) < 0 ||
	    daemon_watch_orders(daemon) < 0 || daemon_confine(daemon) < 0) {
		log_error("cannot start: %m");
		return -1;
	}
	return daemon_publish(daemon, daemon->snapshot, NULL);
}

void daemon_run(struct daemon *daemon)
{
	event_base_dispatch(daemon->base);
}

static void daemon_end_workers(struct daemon *daemon)
{
	for (unsigned i = 0; i < daemon->shared.workers && daemon->workers[i] != NULL; i++) {
		if (!daemon->workers[i]->started)
			continue;
		worker_stop(daemon->workers[i], 0);
		worker_join(daemon->workers[i]);
		/* Its thread is gone: what reached it too late is run here, so that nothing is lost
		 * or leaked. */
		mailbox_run(&daemon->workers[i]->mailbox, daemon->workers[i]);
	}
}

void daemon_clear(struct daemon *daemon)
{
	daemon_end_workers(daemon);
	reading_cancel(daemon->reading);
	/* Nobody posts any more but what is on its way: answers to a listing, of which nobody waits
	 * for the end. */
	api_free(daemon->api);
	daemon->api = NULL;
	if (daemon->mailbox.fd > 0)
		mailbox_run(&daemon->mailbox, daemon);
	login_checker_free(daemon->shared.login_checker);
	tunnel_monitor_free(daemon->monitor);
	gluetun_free(daemon->gluetun);
	healer_free(daemon->healer);
	for (unsigned i = 0; i < daemon->shared.workers; i++)
		worker_free(daemon->workers[i]);
	free(daemon->workers);
	snapshot_unref(daemon->retired);
	snapshot_unref(daemon->snapshot);
	totals_clear(&daemon->totals);
	refusals_free(daemon->shared.refusals);
	daemon_inspection_free(daemon);
	free(daemon->reload_error);
	free(daemon->reload_warnings);
	config_files_free(daemon->files);
	fd_close(daemon->control);
	mailbox_clear(&daemon->mailbox);
	if (daemon->base != NULL)
		event_base_free(daemon->base);
	libevent_global_shutdown();
}
