/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside egressctl only: one echo request of IPv4, by a socket that needs no privilege. */
#ifndef EGRESSCTL_DOCTOR_PING_H
#define EGRESSCTL_DOCTOR_PING_H

#include <stddef.h>

#include "base/address.h"

enum {
	PING_SIZE_MIN = 28, /* the heads of IPv4 and ICMP */
	PING_SIZE_MAX = 9216,
};

enum ping_outcome {
	PING_ANSWERED,
	PING_SILENT,
	PING_TOO_BIG, /* the kernel knows that the path is narrower */
	PING_REFUSED, /* somebody on the way says no */
	PING_IMPOSSIBLE,
};

struct ping {
	const char *device; /* leaves by it */
	struct address to;
	size_t size; /* of the packet, never cut into parts; less than the least: the least */
	int wait_ms;
	enum ping_outcome outcome;
	int error; /* of PING_REFUSED and PING_IMPOSSIBLE */
};

/* Fills outcome and error. */
void ping_run(struct ping *ping);

#endif
