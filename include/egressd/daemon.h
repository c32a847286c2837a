/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole proxy: puts the parts together, reloads them, takes them down. Everything here is
 * main's thread. */
#ifndef EGRESSD_DAEMON_H
#define EGRESSD_DAEMON_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/mailbox.h"
#include "egressd/api.h"
#include "egressd/totals.h"
#include "egressd/worker.h"

struct reload_waiter;
struct tunnel_monitor;

struct daemon {
	const char *config_path;
	struct event_base *base;
	struct event signals[4];
	struct mailbox mailbox;
	struct event mail_event;
	struct tunnel_monitor *monitor;
	struct totals totals;
	struct worker_shared shared;
	struct worker **workers; /* shared.workers of them */
	unsigned workers_running;
	struct snapshot *snapshot; /* in force; NULL before the first */
	struct api *api;
	struct inspection *inspection; /* what status answers from */
	bool is_ready, stopping;
	unsigned publishing; /* workers that have not taken the last snapshot over yet */
	STAILQ_HEAD(, reload_waiter) waiters;
	int64_t started_at_ms, loaded_at_ms; /* clock_wall_ms() */
	char *reload_error;                  /* of the last reload; NULL: it worked */
	int64_t reload_error_at_ms;
};

/* Everything up and listening, or -1 after the reason was logged; *exit_code then says with what to
 * end. */
MUST_CHECK int daemon_start(struct daemon *daemon, const char *config_path, int *exit_code);

/* Serves until it is told to stop, then drains. */
void daemon_run(struct daemon *daemon);

void daemon_clear(struct daemon *daemon);

/* Builds daemon->snapshot; as daemon_reload, but nothing is published yet. */
MUST_CHECK int daemon_load_first(struct daemon *daemon, char **report);

/*
 * Opens the sockets of new endpoints and hands snapshot to every worker. -1: an address cannot be
 * listened on; *report says which (report NULL: the log does), and nothing was changed.
 */
MUST_CHECK int daemon_publish(struct daemon *daemon, struct snapshot *snapshot, char **report);

/* report: what a person should read, or NULL. Called exactly once, but not after the API has ended.
 */
typedef void daemon_reloaded_fn(void *arg, bool ok, const char *report);

/*
 * Reads the file again and puts it in force, or leaves what is. done is called when every worker
 * goes by the new policy; at once when it was refused.
 */
void daemon_reload(struct daemon *daemon, daemon_reloaded_fn *done, void *arg);

/* Answers of the control API; arg is the daemon. */
extern const struct api_backend daemon_backend;
void inspect_connections(void *arg, api_connections_done_fn *done, void *done_arg);
void inspect_kill(void *arg, uint64_t id, api_kill_done_fn *done, void *done_arg);

/* The room for status. -1 + errno. */
MUST_CHECK int daemon_inspection_new(struct daemon *daemon);
void daemon_inspection_free(struct daemon *daemon);

#endif
