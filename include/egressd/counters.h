/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker counts. One writer, its own thread; any thread may read. */
#ifndef EGRESSD_COUNTERS_H
#define EGRESSD_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/counter.h"
#include "egressd/refusal.h"
#include "net/resolver.h"

enum counted_protocol {
	COUNTED_CONNECT,
	COUNTED_HTTP,
	COUNTED_SOCKS4,
	COUNTED_SOCKS5,
	COUNTED_UDP,
	COUNTED_FORWARD,
	COUNTED_PROTOCOLS,
};

struct counters {
	_Atomic uint64_t connections;                 /* accepted */
	_Atomic uint64_t sessions_active;             /* client connections now */
	_Atomic uint64_t requests[COUNTED_PROTOCOLS]; /* decided, by how they were asked */
	_Atomic uint64_t refusals[REFUSAL_COUNT];     /* by reason */
	_Atomic uint64_t requests_refused; /* by policy, login or form: no egress was used */
	_Atomic uint64_t bytes_from_clients, bytes_from_origins;
	_Atomic uint64_t held_now, held_total; /* requests that waited for a tunnel */
	_Atomic uint64_t ended_by_epoch;  /* sessions ended because their tunnel epoch was over */
	_Atomic uint64_t ended_by_reload; /* sessions ended because the new policy denies them */
	_Atomic uint64_t accept_pauses;   /* times that descriptors ran out */
	_Atomic uint64_t origin_connections_reused;
	struct resolver_counters resolver; /* of all its lanes */
};

#endif
