/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending as somebody else. */
#include "leak/sender.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

struct leak_probe *probes_new(size_t count)
{
	void *room = mmap(NULL, count * sizeof(struct leak_probe) + 1, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

void probes_free(struct leak_probe *probes, size_t count)
{
	if (probes != NULL)
		munmap(probes, count * sizeof(struct leak_probe) + 1);
}

/* Leaves at most these, for this process and what it could execute. */
static int capabilities_keep(uint64_t mask)
{
	if (capng_get_caps_process() < 0)
		return -1;
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		if ((mask >> i & 1) == 0 &&
		    capng_update(CAPNG_DROP,
				 CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
					 CAPNG_BOUNDING_SET,
				 i) < 0)
			return -1;
	}
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? -1 : 0;
}

static int user_assume(uint32_t uid)
{
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int identity_assume(const struct identity *identity, pid_t parent)
{
	if (identity->netns >= 0 && setns(identity->netns, CLONE_NEWNET) < 0)
		return -1;
	if ((identity->uid == 0 ? capabilities_keep(identity->capabilities)
				: user_assume(identity->uid)) < 0)
		return -1;
	/* Last: a change of user clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -1;
	errno = ESRCH;
	return getppid() == parent ? 0 : -1;
}

static void child_collect(struct leak_probe *probe, int fd)
{
	socklen_t len = sizeof(probe->error);

	if (fd >= 0 && probe->kind == PROBE_TCP)
		(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &probe->error, &len);
}

static int child_run(const struct identity *identity, pid_t parent, struct leak_probe *probes,
		     size_t count, int said, int go)
{
	int *fds = calloc(count + 1, sizeof(*fds));
	int error = fds == NULL ? ENOMEM : 0;
	char byte;

	if (error == 0 && identity_assume(identity, parent) < 0)
		error = errno != 0 ? errno : EPERM;
	for (size_t i = 0; error == 0 && i < count; i++)
		fds[i] = leak_probe_send(&probes[i]);
	if (write(said, &error, sizeof(error)) != sizeof(error) || error != 0)
		return 1;
	/* Until the other end closes. */
	while (read(go, &byte, 1) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < count; i++)
		child_collect(&probes[i], fds[i]);
	return 0;
}

int sender_start(struct sender *sender, const struct identity *identity, struct leak_probe *probes,
		 size_t count)
{
	int said[2] = {-1, -1}, go[2] = {-1, -1};
	pid_t parent = getpid();
	int error = 0;

	*sender = (struct sender){.pid = -1, .go = -1};
	if (pipe2(said, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		goto fail;
	sender->pid = fork();
	if (sender->pid < 0)
		goto fail;
	if (sender->pid == 0) {
		fd_close(go[1]);
		_exit(child_run(identity, parent, probes, count, said[1], go[0]));
	}
	fd_clear(&said[1]);
	fd_clear(&go[0]);
	sender->go = go[1];
	if (read(said[0], &error, sizeof(error)) != sizeof(error))
		error = ECHILD;
	fd_close(said[0]);
	if (error == 0)
		return 0;
	sender_end(sender);
	errno = error;
	return -1;
fail:
	fd_close(said[0]);
	fd_close(said[1]);
	fd_close(go[0]);
	fd_close(go[1]);
	return -1;
}

void sender_end(struct sender *sender)
{
	fd_clear(&sender->go);
	if (sender->pid > 0)
		(void)waitpid(sender->pid, NULL, 0);
	sender->pid = -1;
}
