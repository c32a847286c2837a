/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process that holds the packet rules and minds the proxy: it reads the policy file, puts its
 * rules in force, and only then starts the proxy, without any privilege. It reads nothing that came
 * from the network. One thread, beside those that write the log and read a policy.
 */
#ifndef WARDEN_WARDEN_H
#define WARDEN_WARDEN_H

#include <stdbool.h>

#include "base/compiler.h"

enum warden_exit {
	WARDEN_ENDED = 0,
	WARDEN_FAILED = 1,
	WARDEN_USAGE = 3, /* the command line or the policy file */
	WARDEN_RULES = 4, /* refused or unverified */
	WARDEN_NAMESPACE_GONE = 75,
};

struct warden_options {
	const char *config_path;
	const char *table; /* of the packet rules */
	const char *user;  /* a name or a number; NULL: egressd, or 1900 */
	bool no_firewall;
	bool no_seccomp;            /* the proxy may ask anything of the kernel */
	bool no_owner;              /* of the table, even where the kernel knows owners */
	unsigned namespace_grace_s; /* how long to stay in a namespace that is gone */
	unsigned reload_limit_s;    /* how long the proxy may take to go by another policy */
};

/* The argument that makes the same program the proxy. */
#define WARDEN_PROXY_ARGUMENT "--proxy"
/* Behind it, when its calls are not to be filtered. */
#define WARDEN_NO_SECCOMP "--no-seccomp"

/* Returns when all has ended, with what the process should exit with. */
MUST_CHECK int warden_run(const struct warden_options *options);

#endif
