/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sends probes from a child process, as somebody else: another user, in another network namespace,
 * with fewer capabilities. The child dies with its parent. */
#ifndef LEAK_SENDER_H
#define LEAK_SENDER_H

#include <sys/types.h>

#include "leak/probe.h"

/* Who does it. */
struct identity {
	int netns;             /* a descriptor, borrowed; -1: where we are */
	uint32_t uid;          /* 0: stays what it is, with these capabilities at most */
	uint64_t capabilities; /* a mask by number */
};

struct sender {
	pid_t pid;
	int go; /* open as long as the child is to keep its sockets */
};

/* Room that a child can fill. NULL + errno; freed by probes_free. */
MUST_CHECK struct leak_probe *probes_new(size_t count);
void probes_free(struct leak_probe *probes, size_t count);

/* For a child: becomes that, for good, and dies with its parent (getpid() before the fork). -1 +
 * errno; ESRCH: the parent is dead already. */
MUST_CHECK int identity_assume(const struct identity *identity, pid_t parent);

/* All are sent when it returns, and their sockets stay open until sender_end. -1 + errno: nobody
 * could be that, and nothing was sent. probes come from probes_new. */
MUST_CHECK int sender_start(struct sender *sender, const struct identity *identity,
			    struct leak_probe *probes, size_t count);

/* Afterwards probe->error of TCP says how connecting went. */
void sender_end(struct sender *sender);

#endif
