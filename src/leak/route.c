/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to the kernel's routing, by libmnl. */
#include "route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

struct nlmsghdr *route_begin(char *room, uint16_t type, uint16_t flags, const void *head,
			     size_t len)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = 1;
	memcpy(mnl_nlmsg_put_extra_header(message, len), head, len);
	return message;
}

static int route_run(struct nlmsghdr *message, mnl_cb_t take, void *arg)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char bytes[2 * ROUTE_ROOM];
	int result = -1;

	if (socket == NULL)
		return -1;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		goto done;
	do {
		ssize_t len = mnl_socket_recvfrom(socket, bytes, sizeof(bytes));

		/* The first part of a list is no list. */
		result = len < 0 ? MNL_CB_ERROR
				 : mnl_cb_run(bytes, (size_t)len, message->nlmsg_seq,
					      mnl_socket_get_portid(socket), take, arg);
	} while (result > MNL_CB_STOP);
done:
	mnl_socket_close(socket);
	return result < 0 ? -1 : 0;
}

int route_do(struct nlmsghdr *message)
{
	message->nlmsg_flags |= NLM_F_ACK;
	return route_run(message, NULL, NULL);
}

int route_dump(uint16_t type, unsigned char family, mnl_cb_t take, void *arg)
{
	char room[256];
	struct rtmsg head = {.rtm_family = family};

	/* Long enough for every kind of question; the kernel reads the family. */
	return route_run(route_begin(room, type, NLM_F_DUMP, &head, sizeof(head)), take, arg);
}

struct attributes {
	const struct nlattr **room;
	uint16_t types_max;
};

static int attribute_take(const struct nlattr *attribute, void *arg)
{
	const struct attributes *attributes = arg;

	if (mnl_attr_get_type(attribute) <= attributes->types_max)
		attributes->room[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

void route_attributes(const struct nlmsghdr *message, size_t head, const struct nlattr **room,
		      uint16_t types_max)
{
	struct attributes attributes = {.room = room, .types_max = types_max};

	for (size_t i = 0; i <= types_max; i++)
		room[i] = NULL;
	(void)!mnl_attr_parse(message, (unsigned)head, attribute_take, &attributes);
}
