/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The restorer: a process of its own, which no signal to us reaches, and which our end wakes. */
#include "restorer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "leak/network.h"
#include "route.h"

struct kept_message {
	struct nlmsghdr *header; /* NULL: done */
};

struct kept {
	struct kept_message *messages; /* to be sent again, as they came */
	size_t count;
	unsigned index;
	bool failed;
};

static void kept_add(struct kept *kept, const struct nlmsghdr *message)
{
	struct kept_message *messages =
		array_more(kept->messages, kept->count, sizeof(*kept->messages));
	struct nlmsghdr *copy = malloc(ROUTE_ROOM);

	if (messages != NULL)
		kept->messages = messages;
	if (messages == NULL || copy == NULL || message->nlmsg_len > ROUTE_ROOM) {
		kept->failed = true;
		free(copy);
		return;
	}
	memcpy(copy, message, message->nlmsg_len);
	copy->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
	copy->nlmsg_seq = 1;
	copy->nlmsg_pid = 0;
	messages[kept->count++].header = copy;
}

static int keep_address(const struct nlmsghdr *message, void *arg)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	struct kept *kept = arg;

	if (info->ifa_index == kept->index && info->ifa_family == AF_INET6 &&
	    info->ifa_scope != RT_SCOPE_LINK)
		kept_add(kept, message);
	return MNL_CB_OK;
}

static int keep_route(const struct nlmsghdr *message, void *arg)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[RTA_MAX + 1];
	struct kept *kept = arg;

	route_attributes(message, sizeof(*route), attributes, RTA_MAX);
	/* The kernel makes its own anew. */
	if (attributes[RTA_OIF] != NULL && mnl_attr_get_u32(attributes[RTA_OIF]) == kept->index &&
	    route->rtm_protocol != RTPROT_KERNEL && (route->rtm_flags & RTM_F_CLONED) == 0)
		kept_add(kept, message);
	return MNL_CB_OK;
}

static int kept_fill(struct kept *kept)
{
	if (route_dump(RTM_GETADDR, AF_INET6, keep_address, kept) < 0 ||
	    route_dump(RTM_GETROUTE, AF_INET, keep_route, kept) < 0 ||
	    route_dump(RTM_GETROUTE, AF_INET6, keep_route, kept) < 0)
		return -1;
	errno = ENOMEM;
	return kept->failed ? -1 : 0;
}

static void kept_clear(struct kept *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		free(kept->messages[i].header);
	free(kept->messages);
}

/* Routes through a next hop need the routes to it: what is refused is tried again. */
static bool kept_send(struct kept *kept)
{
	size_t left = kept->count;

	for (size_t round = 0; left > 0 && round <= kept->count; round++) {
		size_t before = left;

		for (size_t i = 0; i < kept->count; i++) {
			if (kept->messages[i].header == NULL ||
			    route_do(kept->messages[i].header) < 0)
				continue;
			free(kept->messages[i].header);
			kept->messages[i].header = NULL;
			left--;
		}
		if (left == before)
			return false;
	}
	return true;
}

/* By the shell, which none of our signals' settings reach. */
static bool command_run(const char *command)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 1; i < NSIG; i++)
			(void)signal(i, SIG_DFL);
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static int restorer_run(struct kept *kept, const char *device, const char *up_command, int waits)
{
	char byte;

	(void)setsid();
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	while (read(waits, &byte, 1) < 0 && errno == EINTR)
		;
	if (up_command != NULL)
		return command_run(up_command) ? 0 : 1;
	return network_set_up(device, true) == 0 && kept_send(kept) ? 0 : 1;
}

int restorer_start(struct restorer *restorer, const char *device, const char *up_command)
{
	struct kept kept = {.index = if_nametoindex(device)};
	int wires[2] = {-1, -1};

	*restorer = (struct restorer){.pid = -1, .holds = -1};
	if (kept.index != 0 && kept_fill(&kept) == 0 && pipe2(wires, O_CLOEXEC) == 0)
		restorer->pid = fork();
	if (restorer->pid == 0) {
		fd_close(wires[1]);
		_exit(restorer_run(&kept, device, up_command, wires[0]));
	}
	kept_clear(&kept);
	fd_close(wires[0]);
	if (restorer->pid < 0) {
		fd_close(wires[1]);
		return -1;
	}
	restorer->holds = wires[1];
	return 0;
}

int restorer_down(const char *device, const char *down_command)
{
	if (down_command == NULL)
		return network_set_up(device, false);
	errno = ECHILD;
	return command_run(down_command) ? 0 : -1;
}

bool restorer_restore(struct restorer *restorer)
{
	int status = 0;

	fd_clear(&restorer->holds);
	return waitpid(restorer->pid, &status, 0) == restorer->pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}
