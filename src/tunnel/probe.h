/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks the far side of a device for a sign of life: a round opens TCP connections through it to one
 * target or to all, and any TCP segment that comes back (SYN-ACK or RST) is an answer. Monitor's
 * thread.
 */
#ifndef TUNNEL_PROBE_H
#define TUNNEL_PROBE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum {
	PROBE_TARGETS_MAX = 4,
	PROBE_TIMEOUT_MS = 2000,
};

enum probe_result {
	PROBE_WAITING,
	PROBE_ANSWERED,
	PROBE_FAILED, /* every connection of the round failed */
};

struct probe;

struct probe_socket {
	struct probe *probe;
	size_t target;
	int fd; /* -1: none */
};

struct probe {
	int epoll_fd; /* borrowed; events carry a struct probe_socket * */
	char device[IF_NAMESIZE];
	struct address targets[PROBE_TARGETS_MAX];
	size_t target_count;
	size_t preferred; /* the target that answered last */
	struct probe_socket sockets[PROBE_TARGETS_MAX];
	bool running;
	int64_t started_at_ms, started_at_us;
	int64_t rtt_us; /* of the last answer */
	uint64_t sent, failed;
};

void probe_init(struct probe *probe, int epoll_fd, const char *device);

/* Ends a running round and takes other targets. */
void probe_set_targets(struct probe *probe, const struct address *targets, size_t count);

/* Starts a round: all targets at once, or the one that answered last. Failed is possible at once.
 */
enum probe_result probe_start(struct probe *probe, int64_t now_ms, bool all);

/* After an event on one of its sockets; unless it says waiting, the round is over. */
enum probe_result probe_on_event(struct probe_socket *socket);

/* Ends the round because its time is over. */
void probe_expire(struct probe *probe);

/* Ends the round without a result. Connections are closed with RST, so that none lingers. */
void probe_stop(struct probe *probe);

#endif
