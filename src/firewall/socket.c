/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way to nf_tables. */
#include "socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
	SOCKET_BUFFER_SIZE = 4 << 20,
	SOCKET_TIMEOUT_S = 5,
	SOCKET_READ_SIZE = 128 * 1024,
};

void socket_explain(char problem[FIREWALL_PROBLEM_SIZE], const char *what, int error,
		    const char *needs)
{
	switch (error) {
	case EPERM:
	case EACCES:
		snprintf(problem, FIREWALL_PROBLEM_SIZE,
			 "%s: not allowed: it takes the capability NET_ADMIN (cap_add: NET_ADMIN), "
			 "and a table that another process owns is that one's alone",
			 what);
		break;
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		snprintf(problem, FIREWALL_PROBLEM_SIZE,
			 "%s: this kernel has no nf_tables (CONFIG_NF_TABLES)", what);
		break;
	case EOPNOTSUPP:
	case ENOENT:
	case EINVAL:
	case ENOSYS:
		snprintf(problem, FIREWALL_PROBLEM_SIZE,
			 "%s: this kernel lacks %s, or its module is not loaded (%s)", what, needs,
			 strerror(error));
		break;
	case EINTR:
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "%s: somebody keeps changing them", what);
		break;
	default:
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "%s: %s", what, strerror(error));
		break;
	}
}

/* Past the limits of net.core where we may, up to them where not. */
static void socket_enlarge(int fd, int force, int plain, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

struct firewall *firewall_open(char problem[FIREWALL_PROBLEM_SIZE])
{
	struct timeval timeout = {.tv_sec = SOCKET_TIMEOUT_S};
	struct firewall *firewall = calloc(1, sizeof(*firewall));
	int fd, error;

	if (firewall == NULL) {
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "out of memory");
		return NULL;
	}
	firewall->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (firewall->socket == NULL ||
	    mnl_socket_bind(firewall->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		goto fail;
	fd = mnl_socket_get_fd(firewall->socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		goto fail;
	socket_enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF, SOCKET_BUFFER_SIZE);
	firewall->port = mnl_socket_get_portid(firewall->socket);
	firewall->sequence = UINT32_C(1) << 28;
	return firewall;
fail:
	error = errno;
	socket_explain(problem, "the packet rules cannot be reached", error, "nf_tables");
	firewall_close(firewall);
	errno = error;
	return NULL;
}

void firewall_close(struct firewall *firewall)
{
	if (firewall == NULL)
		return;
	if (firewall->socket != NULL)
		mnl_socket_close(firewall->socket);
	free(firewall);
}

const char *firewall_problem(const struct firewall *firewall)
{
	return firewall->problem;
}

/* What is left unread must not be taken for the answer to the next question, and the kernel begins
 * no new list (EBUSY) while one is not read to its end. */
static void socket_drain(const struct firewall *firewall, char bytes[SOCKET_READ_SIZE])
{
	int fd = mnl_socket_get_fd(firewall->socket);

	while (recv(fd, bytes, SOCKET_READ_SIZE, MSG_DONTWAIT) > 0)
		;
}

/* The library gives up a list that others changed under way; it goes on to its end all the same. */
static bool answers_mend(char *bytes, size_t len)
{
	struct nlmsghdr *message = (struct nlmsghdr *)(void *)bytes;
	int left = (int)len;
	bool torn = false;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		torn |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		message->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
	}
	return torn;
}

int socket_ask(struct firewall *firewall, struct nlmsghdr *message, mnl_cb_t take, void *arg)
{
	uint32_t sequence = message->nlmsg_seq;
	char *bytes;
	int error, result = MNL_CB_OK;
	bool torn = false;

	if (mnl_socket_sendto(firewall->socket, message, message->nlmsg_len) < 0)
		return -1;
	bytes = malloc(SOCKET_READ_SIZE);
	if (bytes == NULL)
		return -1;
	while (result > MNL_CB_STOP) {
		ssize_t len = mnl_socket_recvfrom(firewall->socket, bytes, SOCKET_READ_SIZE);

		if (len < 0 && errno == EINTR)
			continue;
		result = MNL_CB_ERROR;
		if (len < 0)
			break;
		torn |= answers_mend(bytes, (size_t)len);
		result = mnl_cb_run(bytes, (size_t)len, sequence, firewall->port, take, arg);
		/* An answer to an earlier question that was given up. */
		if (result < 0 && errno == EPROTO)
			result = MNL_CB_OK;
	}
	/* Only what was read to its end is torn. */
	error = result >= 0 ? EINTR : errno == EINTR ? EAGAIN : errno;
	if (result < 0)
		socket_drain(firewall, bytes);
	free(bytes);
	errno = error;
	return result < 0 || torn ? -1 : 0;
}

/* The first error among the answers; 0: none. */
static int answers_error(const struct batch *batch, const char *bytes, size_t len,
			 const char **needs)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)bytes;
	int left = (int)len;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

		if (message->nlmsg_type != NLMSG_ERROR ||
		    mnl_nlmsg_get_payload_len(message) < sizeof(*error) || error->error == 0)
			continue;
		*needs = batch_needs(batch, message->nlmsg_seq);
		return error->error < 0 ? -error->error : EPROTO;
	}
	return 0;
}

int socket_send_batch(struct firewall *firewall, const struct batch *batch, const char **needs)
{
	int fd = mnl_socket_get_fd(firewall->socket);
	/* The kernel counts its own bookkeeping too. */
	int size = (int)(batch->len * 2 + SOCKET_READ_SIZE);
	char *bytes = malloc(SOCKET_READ_SIZE);
	int error = 0;

	*needs = "nf_tables";
	if (bytes == NULL)
		return ENOMEM;
	socket_enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF, size);
	if (mnl_socket_sendto(firewall->socket, batch->bytes, batch->len) < 0)
		error = errno;
	/* All of it has been done, and every answer is there, when the send returns. */
	while (error == 0) {
		ssize_t len = recv(fd, bytes, SOCKET_READ_SIZE, MSG_DONTWAIT);

		if (len < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (len <= 0)
			break;
		error = answers_error(batch, bytes, (size_t)len, needs);
	}
	socket_drain(firewall, bytes);
	free(bytes);
	return error;
}
