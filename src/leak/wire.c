/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making and changing devices, in namespaces of our own and, when asked to disrupt, in the real
 * one.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "leak/network.h"
#include "route.h"

static unsigned device_index(const char *device)
{
	return if_nametoindex(device);
}

int network_add_pair(const char *device, const char *peer, int peer_netns)
{
	char room[ROUTE_ROOM];
	struct ifinfomsg head = {0};
	struct nlmsghdr *message =
		route_begin(room, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	struct nlattr *info, *data, *other;

	mnl_attr_put_strz(message, IFLA_IFNAME, device);
	info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	other = mnl_attr_nest_start(message, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(message, sizeof(head));
	mnl_attr_put_strz(message, IFLA_IFNAME, peer);
	mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t)peer_netns);
	mnl_attr_nest_end(message, other);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
	return route_do(message);
}

int network_add_address(const char *device, const struct address *address, uint8_t bits)
{
	char room[ROUTE_ROOM];
	struct ifaddrmsg head = {
		.ifa_family = (unsigned char)address->family,
		.ifa_prefixlen = bits,
		.ifa_flags = IFA_F_NODAD,
		.ifa_index = device_index(device),
	};
	struct nlmsghdr *message =
		route_begin(room, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));

	mnl_attr_put(message, IFA_LOCAL, address_len(address), address->bytes);
	mnl_attr_put(message, IFA_ADDRESS, address_len(address), address->bytes);
	return route_do(message);
}

int network_set_up(const char *device, bool up)
{
	char room[ROUTE_ROOM];
	struct ifinfomsg head = {
		.ifi_index = (int)device_index(device),
		.ifi_flags = up ? IFF_UP : 0,
		.ifi_change = IFF_UP,
	};

	if (head.ifi_index == 0)
		return -1;
	return route_do(route_begin(room, RTM_NEWLINK, 0, &head, sizeof(head)));
}

int network_set_default(const char *device, sa_family_t family, uint32_t metric, bool present)
{
	char room[ROUTE_ROOM];
	struct rtmsg head = {
		.rtm_family = (unsigned char)family,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct nlmsghdr *message = route_begin(room, present ? RTM_NEWROUTE : RTM_DELROUTE,
					       present ? NLM_F_CREATE : 0, &head, sizeof(head));

	mnl_attr_put_u32(message, RTA_OIF, device_index(device));
	mnl_attr_put_u32(message, RTA_PRIORITY, metric);
	return route_do(message);
}

int network_remove_link(const char *device)
{
	char room[ROUTE_ROOM];
	struct ifinfomsg head = {.ifi_index = (int)device_index(device)};

	if (head.ifi_index == 0)
		return -1;
	return route_do(route_begin(room, RTM_DELLINK, 0, &head, sizeof(head)));
}
