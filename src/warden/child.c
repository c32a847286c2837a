/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting the proxy out of our own file, and what became of it. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "warden/channel.h"
#include "warden/warden.h"

enum {
	CHILD_WAIT_LEAST_MS = 100,
	CHILD_WAIT_MOST_MS = 10 * 1000,
	CHILD_LIVED_MS = 60 * 1000,
	CHILD_PROGRAM_DESCRIPTOR = CHANNEL_DESCRIPTOR + 1,
};

int child_open_program(void)
{
	return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

/* The one at the place is closed; the copy is inherited only if keep. -1 + errno. */
static int descriptor_move(int fd, int place, bool keep)
{
	return fd == place ? fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC)
			   : dup3(fd, place, keep ? 0 : O_CLOEXEC);
}

static void signals_default(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child. Returns only with an error, in errno. */
static void child_become_proxy(int channel, int program, const struct warden_user *user,
			       pid_t parent, bool no_seccomp)
{
	char name[] = "egressd", proxy[] = WARDEN_PROXY_ARGUMENT, free[] = WARDEN_NO_SECCOMP;
	char *const arguments[] = {name, proxy, no_seccomp ? free : NULL, NULL};

	signals_default();
	/* Out of the way of the two places first. */
	channel = fcntl(channel, F_DUPFD_CLOEXEC, CHILD_PROGRAM_DESCRIPTOR + 1);
	program = fcntl(program, F_DUPFD_CLOEXEC, CHILD_PROGRAM_DESCRIPTOR + 1);
	if (channel < 0 || program < 0 || descriptor_move(channel, CHANNEL_DESCRIPTOR, true) < 0 ||
	    descriptor_move(program, CHILD_PROGRAM_DESCRIPTOR, false) < 0)
		return;
	/* All are close-on-exec; whoever inherits the socket that owns the rules locks every later
	 * warden out of them, so this does not depend on it. */
	(void)close_range(CHILD_PROGRAM_DESCRIPTOR + 1, UINT_MAX, 0);
	if (privileges_drop(user, parent) == 0)
		fexecve(CHILD_PROGRAM_DESCRIPTOR, arguments, environ);
}

int child_start(struct child *child, int program, const struct warden_user *user, bool no_seccomp)
{
	const pid_t parent = getpid();
	sigset_t all, before;
	int ends[2];

	if (channel_open(ends) < 0)
		return -1;
	/* A signal that reaches the child before it is the proxy must not run our handlers, which
	 * write where we read. */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	child->pid = fork();
	if (child->pid == 0) {
		child_become_proxy(ends[1], program, user, parent, no_seccomp);
		log_error("the proxy cannot be started: %m");
		_exit(WARDEN_FAILED);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	fd_close(ends[1]);
	if (child->pid < 0) {
		child->pid = 0;
		fd_close(ends[0]);
		return -1;
	}
	child->channel = ends[0];
	child->started_at_ms = clock_monotonic_ms();
	child->serves = false;
	return 0;
}

bool child_has_ended(struct child *child, int *status, char words[80])
{
	if (child->pid == 0 || waitpid(child->pid, status, WNOHANG) != child->pid)
		return false;
	child->pid = 0;
	if (WIFSIGNALED(*status))
		snprintf(words, 80, "killed by signal %d (%s)", WTERMSIG(*status),
			 strsignal(WTERMSIG(*status)));
	else
		snprintf(words, 80, "ended with status %d", WEXITSTATUS(*status));
	return true;
}

unsigned child_next_wait_ms(struct child *child)
{
	if (clock_monotonic_ms() - child->started_at_ms >= CHILD_LIVED_MS || child->wait_ms == 0)
		child->wait_ms = CHILD_WAIT_LEAST_MS;
	else if (child->wait_ms < CHILD_WAIT_MOST_MS / 2)
		child->wait_ms *= 2;
	else
		child->wait_ms = CHILD_WAIT_MOST_MS;
	return child->wait_ms;
}

int child_exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : WARDEN_FAILED;
}

void child_kill(const struct child *child)
{
	if (child->pid != 0)
		(void)kill(child->pid, SIGKILL);
}
