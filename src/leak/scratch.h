/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the layer only: a gateway of our own in two network namespaces without a name, which go
 * when this process does: a tunnel and an uplink, both of which lead to the same far end.
 */
#ifndef LEAK_SCRATCH_H
#define LEAK_SCRATCH_H

#include "leak/network.h"
#include "leak/witness.h"

struct scratch {
	int far;      /* the namespace at the other end */
	int listener; /* there, at target */
	struct address target;
	const char *tunnel;
	struct witness *witness; /* of the uplink */
};

#define SCRATCH_UPLINK "leak-up"

/* For a process that was forked for it: puts it into the gateway's namespace. tunnel: the name of
 * its device. -1: problem is filled. */
MUST_CHECK int scratch_open(struct scratch *scratch, const char *tunnel,
			    char problem[WITNESS_PROBLEM_SIZE]);
/* The wires as they were at first. -1 + errno. */
MUST_CHECK int scratch_renew(struct scratch *scratch);

#endif
