/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who the proxy is, and what each of the two processes may do. */
#ifndef WARDEN_PRIVILEGES_H
#define WARDEN_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "firewall/kernel.h"

struct warden_user {
	uid_t uid;
	gid_t gid;
	bool same; /* nobody else to become: we are not root, or in a namespace without that user */
};

/* name: a user or a number; NULL: egressd, or 1900 where there is none. -1: problem says why. */
MUST_CHECK int privileges_find_user(const char *name, struct warden_user *user,
				    char problem[FIREWALL_PROBLEM_SIZE]);

/* Only the capabilities that will be kept are effective, until they are taken up again: what can be
 * read now can be read at every reload. -1 + errno. */
MUST_CHECK int privileges_set_aside(void);
MUST_CHECK int privileges_take_up(void);

/* Keeps the capabilities that the warden needs, and no other, for good. -1: problem says which one
 * is missing. Without root there is nothing to keep or to miss. */
MUST_CHECK int privileges_reduce(char problem[FIREWALL_PROBLEM_SIZE]);

/* In the child, before it becomes the proxy: that user, no capability, none to be had, and killed
 * when the parent is. -1 + errno. */
MUST_CHECK int privileges_drop(const struct warden_user *user, pid_t parent);

#endif
