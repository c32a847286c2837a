/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The proxy as a process: made, told, and its end explained. */
#ifndef WARDEN_CHILD_H
#define WARDEN_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "privileges.h"

struct child {
	pid_t pid;   /* 0: there is none */
	int channel; /* -1: there is none */
	int64_t started_at_ms;
	unsigned wait_ms; /* before the next start */
	bool serves;      /* it has taken a policy */
};

/* What of this program is needed to start it once more: its own file, open from the start, since a
 * new one may take its place on the disk. -1 + errno. */
MUST_CHECK int child_open_program(void);

/* -1 + errno. */
MUST_CHECK int child_start(struct child *child, int program, const struct warden_user *user,
			   bool no_seccomp);

/* Collects it if it has ended: true, and what its exit status says in words. */
bool child_has_ended(struct child *child, int *status, char words[80]);

/* How long to wait before it is started again: longer each time, unless it lived for a while. */
unsigned child_next_wait_ms(struct child *child);

/* What a process that has ended so should make us end with. */
int child_exit_code(int status);

void child_kill(const struct child *child);

#endif
