/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sees what passes the devices that are watched, behind every rule (libpcap). One thread. */
#ifndef LEAK_WITNESS_H
#define LEAK_WITNESS_H

#include <sys/time.h>

#include "leak/probe.h"

struct witness;

enum witness_place {
	PLACE_UPLINK,   /* out of the gateway, beside the tunnel */
	PLACE_TUNNEL,   /* into a tunnel */
	PLACE_LOOPBACK, /* within the gateway's namespace */
	PLACE_APP,      /* in an app's namespace, out and in */
	PLACE_APP_LOOPBACK,
	PLACE_HOST, /* in the namespace of the machine, out and in */
	PLACES,
};

enum {
	WITNESS_PROBLEM_SIZE = 300,
};

struct sighting {
	enum witness_place place;
	const char *device;
	struct timeval at;
	const struct frame *frame;
	size_t len; /* on the wire */
};

/* False: enough has been seen, and what is there already is the last that is given. */
typedef bool witness_fn(void *arg, const struct sighting *sighting);

/* pcap_path: a file for what passes the uplinks, or NULL. NULL: problem is filled. */
MUST_CHECK struct witness *witness_new(const char *pcap_path, char problem[WITNESS_PROBLEM_SIZE]);
void witness_free(struct witness *witness);

/* Of a tunnel, loopback or app's device both directions, of an uplink what leaves. netns: a
 * descriptor; -1: this one. False: problem is filled. */
MUST_CHECK bool witness_watch(struct witness *witness, enum witness_place place, int netns,
			      const char *device, char problem[WITNESS_PROBLEM_SIZE]);

/* Gives everything that passes for so long, and what has passed since the last time. -1 + errno;
 * ENODEV: by one of the devices, a tunnel's apart, nothing is seen any more. */
MUST_CHECK int witness_look(struct witness *witness, int64_t for_ms, witness_fn *seen, void *arg);

/* The first device that has gone or gone down since it is watched; NULL: none. */
const char *witness_broken(const struct witness *witness);

/* Packets that there was no room for, so far. */
uint64_t witness_lost(const struct witness *witness);

const char *witness_place_name(enum witness_place place);

#endif
