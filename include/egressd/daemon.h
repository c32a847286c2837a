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
#include "egressd/confine.h"
#include "egressd/totals.h"
#include "egressd/worker.h"
#include "warden/report.h"

struct config_files;
struct healer;
struct reload_waiter;
struct egress_config;
struct gluetun;
struct reading;
struct tunnel_monitor;

struct daemon {
	int channel; /* to the warden */
	struct event channel_event;
	/* Of the policy that comes next, as the warden hands them over, its own first. */
	struct config_files *files;
	struct reading *reading;     /* of it; NULL: none is read */
	struct warden_report report; /* the warden's last */
	int control;                 /* the control socket, until the API has it */
	struct event_base *base;
	struct mailbox mailbox;
	struct event mail_event;
	enum confinement confinement;
	struct event confine_event;
	struct tunnel_monitor *monitor;
	struct gluetun *gluetun; /* shown, and nothing is decided by it */
	struct healer *healer;
	struct totals totals;
	struct worker_shared shared;
	struct worker **workers; /* shared.workers of them */
	unsigned workers_running;
	struct snapshot *snapshot; /* in force; NULL before the first */
	struct snapshot *retired;  /* the one before, while workers may go by it; NULL: none */
	struct api *api;
	struct inspection *inspection; /* what status answers from */
	bool is_ready, stopping;
	unsigned publishing;   /* workers that have not taken the last snapshot over yet */
	char *reload_warnings; /* of the policy that is being put in force */
	uint32_t asked;        /* the last question to the warden for a reload */
	uint32_t answers;      /* the question that the reload on its way answers */
	STAILQ_HEAD(, reload_waiter) waiters;
	int64_t started_at_ms, loaded_at_ms; /* clock_wall_ms() */
	char *reload_error;                  /* of the last reload; NULL: it worked */
	int64_t reload_error_at_ms;
};

/* Everything up and listening, as the warden at the other end of channel says, or -1 after the
 * reason was logged; *exit_code then says with what to end. */
MUST_CHECK int daemon_start(struct daemon *daemon, int channel, int *exit_code);

/* Serves until it is told to stop, then drains. */
void daemon_run(struct daemon *daemon);

void daemon_clear(struct daemon *daemon);

/* Drains and ends; the second time at once. */
void daemon_stop(struct daemon *daemon);

/* Builds daemon->snapshot from the files; nothing is published yet. */
MUST_CHECK int daemon_load_first(struct daemon *daemon, char **report);

/* Reads the files beside everything else, then puts them in force, or leaves what is, and answers
 * the warden. */
void daemon_load(struct daemon *daemon);

/* What became of a reload: whoever asked up to daemon->answers is told. */
void daemon_end_reload(struct daemon *daemon, bool ok, const char *report);

/* Takes the warden's messages until it says to go by them, and listens for more from then on. -1:
 * it is gone, or wants us to end. */
MUST_CHECK int daemon_take_orders(struct daemon *daemon);
MUST_CHECK int daemon_watch_orders(struct daemon *daemon);

/*
 * Opens the sockets of new endpoints and hands snapshot to every worker. -1: an address cannot be
 * listened on; *report says which (report NULL: the log does), and nothing was changed.
 */
MUST_CHECK int daemon_publish(struct daemon *daemon, struct snapshot *snapshot, char **report);

/* report: what a person should read, or NULL. Called exactly once, but not after the API has ended.
 */
typedef void daemon_reloaded_fn(void *arg, bool ok, const char *report);

/*
 * Asks the warden to read the file again. done is called when every worker goes by the new policy,
 * or when it was refused.
 */
void daemon_reload(struct daemon *daemon, daemon_reloaded_fn *done, void *arg);

/* Whom to ask of Gluetun's word, by the policy in force, whose files are still here. */
void daemon_watch_gluetun(struct daemon *daemon);
/* The egress that it is asked about; NULL: none. */
const struct egress_config *daemon_gluetun_egress(const struct daemon *daemon);

/* Answers of the control API; arg is the daemon. */
extern const struct api_backend daemon_backend;
void inspect_connections(void *arg, api_connections_done_fn *done, void *done_arg);
void inspect_kill(void *arg, uint64_t id, api_kill_done_fn *done, void *done_arg);

/* The room for status. -1 + errno. */
MUST_CHECK int daemon_inspection_new(struct daemon *daemon);
void daemon_inspection_free(struct daemon *daemon);

#endif
