/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is the tunnel up, and which epoch is it? One monitor, one thread of its own, watches any number
 * of devices: rtnetlink tells of link and address changes at once; a light probe through the device
 * tells of a dead far end.
 *
 * A new epoch begins whenever sockets of before can no longer be trusted: the device went, came
 * back, changed its ifindex or addresses, or the probe found it dead. Epochs of a device only grow.
 */
#ifndef TUNNEL_TUNNEL_H
#define TUNNEL_TUNNEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/host.h"

struct tunnel;
struct tunnel_monitor;

enum tunnel_state {
	TUNNEL_UNKNOWN, /* counts as down */
	TUNNEL_UP,
	TUNNEL_DOWN,
};

struct tunnel_status {
	enum tunnel_state state;
	uint32_t epoch;
	char device[IF_NAMESIZE];
	unsigned ifindex;          /* 0: there is no such device */
	struct address ipv4, ipv6; /* of the device, global scope; AF_UNSPEC: none */
	int64_t since_ms;          /* clock_wall_ms() of the last change of state or epoch */
	int64_t probed_at_ms;      /* clock_wall_ms() of the last answered probe; 0: never */
	int64_t probe_rtt_us;      /* of that probe */
	uint64_t epochs_seen, probes_sent, probes_failed;
	char reason[96]; /* why it is in this state, for people */
};

struct tunnel_settings {
	const char *device;        /* copied */
	struct address targets[4]; /* probe: TCP connect to any of these through the device; an
				      answer of any kind counts */
	size_t target_count;       /* 0: no probe, the link alone decides */
	int64_t probe_every_ms;    /* 0: 3000; above 4000 counts as 4000, or a dead far side
				      would be found too late */
};

/*
 * Called in the monitor's thread at every new state or epoch (every new state is a new epoch), once
 * at start, and within an epoch when another address can be used (IPv6 after its duplicate check).
 * Must be quick and thread-safe: post a message to the workers.
 */
typedef void tunnel_change_fn(void *arg, struct tunnel *tunnel, const struct tunnel_status *status);

/* NULL + errno. */
MUST_CHECK struct tunnel_monitor *tunnel_monitor_new(tunnel_change_fn *on_change, void *arg);

/* Starts the thread. -1 + errno. */
MUST_CHECK int tunnel_monitor_start(struct tunnel_monitor *monitor);

/* Ends the thread and frees everything, the tunnels included. */
void tunnel_monitor_free(struct tunnel_monitor *monitor);

/*
 * Watches a device, or changes how one is watched (same device: same tunnel, its epoch goes on).
 * Any thread. The tunnel lives as long as the monitor. NULL + errno.
 */
MUST_CHECK struct tunnel *tunnel_watch(struct tunnel_monitor *monitor,
				       const struct tunnel_settings *settings);

/* The same moment's state and epoch, without a lock: what the data path asks for every request. Any
 * thread. */
enum tunnel_state tunnel_state(const struct tunnel *tunnel, uint32_t *epoch);

/* Everything, for status. Any thread; takes a lock. */
void tunnel_status(struct tunnel *tunnel, struct tunnel_status *status);

/*
 * Bytes just came in through the device: no probe is needed. Keeps a tunnel up, never brings one
 * up: they may be of a past epoch. now_ms is clock_monotonic_ms(). Any thread; cheap, and cheaper
 * if nothing changed.
 */
void tunnel_note_alive(struct tunnel *tunnel, int64_t now_ms);

const char *tunnel_state_name(enum tunnel_state state);

#endif
