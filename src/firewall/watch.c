/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hearing of changes. A refused change, and a flush that left an owned table out, are not told. */
#include "watch.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "nf_tables.h"

enum {
	WATCH_BUFFER_SIZE = 1 << 20,
};

int watch_open(void)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK,
				    .nl_groups = 1U << (NFNLGRP_NFTABLES - 1)};
	int size = WATCH_BUFFER_SIZE;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0) {
		fd_close(fd);
		return -1;
	}
	/* What is lost is noticed, and healed by reading everything. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static uint32_t attribute_number(const struct nlattr *attribute)
{
	return mnl_attr_get_payload_len(attribute) == sizeof(uint32_t)
		       ? ntohl(mnl_attr_get_u32(attribute))
		       : 0;
}

static int commit_take(const struct nlattr *attribute, void *arg)
{
	struct watch_message *message = arg;
	size_t len = mnl_attr_get_payload_len(attribute);

	switch (mnl_attr_get_type(attribute)) {
	case NFTA_GEN_ID:
		message->generation = attribute_number(attribute);
		break;
	case NFTA_GEN_PROC_PID:
		message->pid = attribute_number(attribute);
		break;
	case NFTA_GEN_PROC_NAME:
		if (len >= sizeof(message->program))
			len = sizeof(message->program) - 1;
		memcpy(message->program, mnl_attr_get_payload(attribute), len);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int change_take(const struct nlattr *attribute, void *arg)
{
	struct watch_message *message = arg;

	if (mnl_attr_get_type(attribute) != ATTRIBUTE_TABLE)
		return MNL_CB_OK;
	message->kind = WATCH_CHANGE;
	message->table = mnl_attr_get_payload(attribute);
	message->table_len = strnlen(message->table, mnl_attr_get_payload_len(attribute));
	return MNL_CB_STOP;
}

static void message_read(struct watch_message *message, const struct nlmsghdr *header)
{
	mnl_attr_cb_t take = change_take;

	if (NFNL_SUBSYS_ID(header->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return;
	if (NFNL_MSG_TYPE(header->nlmsg_type) == NFT_MSG_NEWGEN) {
		message->kind = WATCH_COMMIT;
		take = commit_take;
	}
	(void)mnl_attr_parse(header, sizeof(struct nfgenmsg), take, message);
}

bool watch_message_next(const uint8_t **bytes, size_t *len, struct watch_message *message)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)*bytes;
	size_t used;

	/* libmnl takes a length of over 2 GiB for one below zero. */
	if (*len > INT32_MAX || !mnl_nlmsg_ok(header, (int)*len) || header->nlmsg_len > *len)
		return false;
	*message = (struct watch_message){.port = header->nlmsg_pid};
	message_read(message, header);
	/* The next one begins at a multiple of four. */
	used = ((size_t)header->nlmsg_len + 3) & ~(size_t)3;
	if (used > *len)
		used = *len;
	*bytes += used;
	*len -= used;
	return true;
}

bool watch_message_names(const struct watch_message *message, const char *table)
{
	return message->kind == WATCH_CHANGE && message->table_len == strlen(table) &&
	       memcmp(message->table, table, message->table_len) == 0;
}
