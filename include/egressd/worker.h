/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker: a thread with its own event_base, listening sockets, sessions, lanes and counters.
 * Nothing in it is touched by another thread but the mailbox and the counters.
 */
#ifndef EGRESSD_WORKER_H
#define EGRESSD_WORKER_H

#include <event2/event_struct.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/mailbox.h"
#include "egressd/counters.h"
#include "egressd/deadline.h"
#include "egressd/lane.h"
#include "egressd/login.h"
#include "egressd/refusals.h"
#include "egressd/snapshot.h"

struct origin_pool;
struct pipe_pool;
struct poller;
struct relay_engine;
struct session;

enum {
	WORKER_SCRATCH_SIZE = 64 * 1024,
	WORKER_HELD_MAX = 1024, /* over all workers */
};

enum deadline_kind {
	DEADLINE_HANDSHAKE, /* until a request is complete */
	DEADLINE_HOLD,      /* until the tunnel is back */
	DEADLINE_IDLE,      /* no byte either way */
	DEADLINE_LINGER,    /* after a refusal */
	DEADLINE_KINDS,
};

TAILQ_HEAD(session_queue, session);
struct listener;

/* What all workers share; owned by main, outlives them. */
struct worker_shared {
	struct login_checker *login_checker;
	struct refusals *refusals; /* the last ones, for status */
	_Atomic uint64_t next_session_id;
	_Atomic uint32_t held; /* requests waiting for a tunnel */
	_Atomic bool halted;   /* the packet rules may not hold: nothing may be let out */
	unsigned workers;
	int descriptors_few; /* from this one on idle clients make room for new ones */
};

struct worker {
	unsigned index;
	struct worker_shared *shared;
	pthread_t thread;
	bool started;
	struct mailbox *owner;          /* main's: hears when this worker has ended */
	struct message ended_message;   /* posted there; set by main before the start */
	struct message tunnels_message; /* worker_wake_tunnels, at most one on its way */
	_Atomic bool tunnels_posted;
	struct event_base *base;
	struct poller *poller; /* in base */
	struct mailbox mailbox;
	struct event mail_event, tick_event, accept_event;
	struct snapshot *snapshot; /* in force */
	SLIST_HEAD(, listener) listeners;
	SLIST_HEAD(, lane) lanes;
	struct lane **lane_of_egress; /* by the snapshot's egress index */
	struct session_queue sessions, ended, held;
	struct deadline_list deadlines[DEADLINE_KINDS];
	struct pipe_pool *pipes;
	struct relay_engine *relays;
	struct origin_pool *origins;
	struct login_desk *logins;
	struct counters counters;
	bool accept_paused, draining;
	bool halted; /* as the shared one was when it was looked at last */
	int64_t drain_until_ms;
	uint8_t scratch[WORKER_SCRATCH_SIZE]; /* for one callback at a time */
};

/* NULL + errno. */
MUST_CHECK struct worker *worker_new(struct worker_shared *shared, unsigned index);

/* Starts its thread. -1 + errno. */
MUST_CHECK int worker_start(struct worker *worker);

/* Any thread: accept no more, end when the last session has, at the latest after drain_ms (0: at
 * once). */
void worker_stop(struct worker *worker, int64_t drain_ms);

/* Waits for its thread to end. */
void worker_join(struct worker *worker);

/* Frees everything, after the thread and the login checker have ended. */
void worker_free(struct worker *worker);

/* Worker's thread: a descriptor has become free; accepting may go on. */
void worker_resume_accept(struct worker *worker);

#endif
