/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prepares the process, then runs the daemon in it. */
#include "egressd/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "base/log.h"
#include "egressd/daemon.h"
#include "warden/channel.h"
#include "warden/warden.h"

enum {
	PROXY_TABLE = 16384, /* descriptors; 130 KiB of the kernel's */
};

/* Two descriptors a tunnel: what the system gives at most is none too many. */
static void proxy_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			log_warn("cannot raise the limit of open files: %m");
	}
}

/*
 * The kernel's table of descriptors doubles when it is full, and while there are threads it waits
 * 10 to 20 ms each time with every worker that opens a socket: it grows now, before them.
 */
static void proxy_grow_descriptor_table(void)
{
	struct rlimit limit;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	fd = fcntl(CHANNEL_DESCRIPTOR, F_DUPFD_CLOEXEC,
		   limit.rlim_cur > PROXY_TABLE ? PROXY_TABLE - 1 : (int)limit.rlim_cur - 1);
	fd_close(fd);
}

int proxy_run(bool no_seccomp)
{
	struct daemon daemon = {.confinement = no_seccomp ? CONFINEMENT_OFF : CONFINEMENT_ON};
	int exit_code = WARDEN_FAILED;

	if (!channel_is_one(CHANNEL_DESCRIPTOR)) {
		fputs("egressd: " WARDEN_PROXY_ARGUMENT
		      " is what egressd starts by itself; start it "
		      "without\n",
		      stderr);
		return WARDEN_USAGE;
	}
	/* A terminal or an init sends them to both of us; the warden says what comes of it. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (log_writer_start() < 0) {
		log_error("cannot start: %m");
		return WARDEN_FAILED;
	}
	proxy_raise_descriptor_limit();
	proxy_grow_descriptor_table();
	if (daemon_start(&daemon, CHANNEL_DESCRIPTOR, &exit_code) == 0) {
		daemon_run(&daemon);
		exit_code = WARDEN_ENDED;
	}
	daemon_clear(&daemon);
	log_writer_stop();
	return exit_code;
}
