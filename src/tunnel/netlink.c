/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the kernel about links and addresses, and hears of their changes. */
#include "tunnel/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/fd.h"
#include "tunnel/link.h"

enum {
	NETLINK_DUMP_TRIES = 5,
	NETLINK_DUMP_TIMEOUT_S = 2,
};

static int netlink_open(int flags, uint32_t groups)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}

int netlink_open_events(void)
{
	int size = 1 << 20;
	int fd = netlink_open(SOCK_NONBLOCK, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);

	/* The kernel gives what net.core.rmem_max lets it; an overrun is noticed and healed. */
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

ssize_t netlink_read(int fd, uint8_t *bytes, size_t size)
{
	struct sockaddr_nl sender = {0};
	struct iovec vector = {.iov_base = bytes, .iov_len = size};
	struct msghdr header = {
		.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &vector,
		.msg_iovlen = 1,
	};
	ssize_t len;

	do {
		len = recvmsg(fd, &header, 0);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -1;
	if ((header.msg_flags & MSG_TRUNC) != 0) {
		errno = ENOBUFS;
		return -1;
	}
	return sender.nl_pid == 0 ? len : 0;
}

static int netlink_ask(int fd, uint16_t type, uint32_t sequence)
{
	struct {
		struct nlmsghdr header;
		struct rtgenmsg body;
	} request = {
		.header =
			{
				.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
				.nlmsg_type = type,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
				.nlmsg_seq = sequence,
			},
		.body = {.rtgen_family = AF_UNSPEC},
	};

	return send(fd, &request, request.header.nlmsg_len, 0) < 0 ? -1 : 0;
}

static int netlink_error(const struct link_message *message)
{
	int error = -EPROTO;

	if (message->len >= sizeof(error))
		memcpy(&error, message->body, sizeof(error));
	errno = error < 0 ? -error : EPROTO;
	return -1;
}

/* 1: the dump is over; 0: more is to come; -1 + errno, EINTR when the table changed under the dump.
 */
static int netlink_take(struct link_table *table, const uint8_t *bytes, size_t len,
			uint32_t sequence)
{
	struct link_message message;

	while (link_message_next(&bytes, &len, &message)) {
		if (message.sequence != sequence)
			continue;
		if ((message.flags & NLM_F_DUMP_INTR) != 0) {
			errno = EINTR;
			return -1;
		}
		if (message.type == NLMSG_DONE)
			return 1;
		if (message.type == NLMSG_ERROR)
			return netlink_error(&message);
		link_table_apply(table, &message);
	}
	return 0;
}

static int netlink_dump_type(int fd, struct link_table *table, uint16_t type, uint32_t sequence)
{
	uint8_t bytes[NETLINK_BUFFER_SIZE];
	int done;

	if (netlink_ask(fd, type, sequence) < 0)
		return -1;
	do {
		ssize_t len = netlink_read(fd, bytes, sizeof(bytes));

		if (len < 0)
			return -1;
		done = netlink_take(table, bytes, (size_t)len, sequence);
	} while (done == 0);
	return done < 0 ? -1 : 0;
}

static int netlink_dump_once(struct link_table *table)
{
	struct timeval timeout = {.tv_sec = NETLINK_DUMP_TIMEOUT_S};
	int fd = netlink_open(0, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    netlink_dump_type(fd, table, RTM_GETLINK, 1) < 0 ||
	    netlink_dump_type(fd, table, RTM_GETADDR, 2) < 0)
		goto fail;
	fd_close(fd);
	if (!table->incomplete)
		return 0;
	errno = ENOMEM;
	return -1;
fail:
	fd_close(fd);
	return -1;
}

int netlink_dump(struct link_table *table)
{
	for (int i = 0; i < NETLINK_DUMP_TRIES; i++) {
		link_table_clear(table);
		if (netlink_dump_once(table) == 0)
			return 0;
		if (errno != EINTR)
			return -1;
	}
	return -1;
}
