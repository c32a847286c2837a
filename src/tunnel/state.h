/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One watched device: its state and epoch, and what moves them. Functions here belong to the
 * monitor's thread unless they say otherwise; times are clock_monotonic_ms().
 */
#ifndef TUNNEL_STATE_H
#define TUNNEL_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "tunnel/link.h"
#include "probe.h"
#include "tunnel/tunnel.h"

struct tunnel {
	struct tunnel *next; /* fixed once it is in the monitor's list */
	tunnel_change_fn *on_change;
	void *arg;
	_Atomic uint64_t packed;     /* state in the upper half, epoch in the lower */
	_Atomic int64_t noted_at_ms; /* live traffic, as the workers saw it */
	pthread_mutex_t lock;        /* over the members down to the blank line */
	struct tunnel_status status; /* written by the monitor's thread only */
	struct address wanted[PROBE_TARGETS_MAX];
	size_t wanted_count;
	int64_t wanted_every_ms;

	struct probe probe;
	struct link link;      /* as it was when last looked at */
	bool ready, announced; /* ready: the link alone says up */
	int64_t probe_every_ms;
	int64_t alive_at_ms;    /* the last sign of life; before the first, the epoch's start */
	int64_t retry_at_ms;    /* of the next round while rounds fail */
	unsigned failed_rounds; /* since the last sign of life */
};

/* Any thread. NULL + errno. */
MUST_CHECK struct tunnel *tunnel_new(const struct tunnel_settings *settings, int epoll_fd,
				     tunnel_change_fn *on_change, void *arg);
void tunnel_free(struct tunnel *tunnel);

/* Any thread. New targets; tunnel_take_settings will bring them into force. */
void tunnel_want(struct tunnel *tunnel, const struct tunnel_settings *settings);
void tunnel_take_settings(struct tunnel *tunnel, int64_t now_ms);

/* How the device is now; NULL: there is none of that name. */
void tunnel_observe(struct tunnel *tunnel, const struct link *link, int64_t now_ms);

/* The kernel could not be asked: nothing is known. */
void tunnel_lose_sight(struct tunnel *tunnel, const char *why);

/* What is due by now; returns when to come back, INT64_MAX for never. */
MUST_CHECK int64_t tunnel_tick(struct tunnel *tunnel, int64_t now_ms);

void tunnel_on_probe_event(struct probe_socket *socket, int64_t now_ms);

#endif
