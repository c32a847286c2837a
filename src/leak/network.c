/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What devices there are, and where they lead. */
#include "leak/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/special.h"
#include "route.h"

enum {
	/* IFF_LOWER_UP, of a header that does not go with <net/if.h>. IFF_RUNNING follows it by up
	 * to a second. */
	LINK_CARRIER = 1 << 16,
};

int network_visit(int netns, int (*visit)(void *arg), void *arg)
{
	int home = -1, result = -1, error;

	if (netns < 0)
		return visit(arg);
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -1;
	if (setns(netns, CLONE_NEWNET) == 0) {
		result = visit(arg);
		error = errno;
		/* Whatever was done next would be done in the wrong place. */
		if (setns(home, CLONE_NEWNET) < 0)
			abort();
		errno = error;
	}
	fd_close(home);
	return result;
}

static struct network_link *link_at(struct network *network, unsigned index)
{
	for (size_t i = 0; i < network->count; i++) {
		if (network->links[i].index == index)
			return &network->links[i];
	}
	return NULL;
}

static int take_link(const struct nlmsghdr *message, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[IFLA_MAX + 1];
	struct network *network = arg;
	struct network_link *link = &network->links[network->count];

	route_attributes(message, sizeof(*info), attributes, IFLA_MAX);
	/* A device that is left out would not be watched. */
	if (network->count == NETWORK_LINKS_MAX) {
		errno = EOVERFLOW;
		return MNL_CB_ERROR;
	}
	if (attributes[IFLA_IFNAME] == NULL ||
	    mnl_attr_get_payload_len(attributes[IFLA_IFNAME]) > IFNAMSIZ)
		return MNL_CB_OK;
	*link = (struct network_link){
		.index = (unsigned)info->ifi_index,
		.up = (info->ifi_flags & IFF_UP) != 0 && (info->ifi_flags & LINK_CARRIER) != 0,
		.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0,
		.ethernet = info->ifi_type == ARPHRD_ETHER,
	};
	memcpy(link->name, mnl_attr_get_payload(attributes[IFLA_IFNAME]),
	       mnl_attr_get_payload_len(attributes[IFLA_IFNAME]));
	link->name[IFNAMSIZ - 1] = '\0';
	if (attributes[IFLA_ADDRESS] != NULL &&
	    mnl_attr_get_payload_len(attributes[IFLA_ADDRESS]) == MAC_LEN)
		memcpy(link->mac, mnl_attr_get_payload(attributes[IFLA_ADDRESS]), MAC_LEN);
	network->count++;
	return MNL_CB_OK;
}

/* An address of a message; AF_UNSPEC when it is not there, or has not the length of its family. */
static struct address read_address(const struct nlattr *attribute, sa_family_t family)
{
	struct address address = {.family = family};
	size_t len = address_len(&address);

	if (attribute == NULL || len == 0 || mnl_attr_get_payload_len(attribute) != len)
		return (struct address){0};
	memcpy(address.bytes, mnl_attr_get_payload(attribute), len);
	return address;
}

static int take_link_address(const struct nlmsghdr *message, void *arg)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	struct network_link *link = link_at(arg, info->ifa_index);
	const struct nlattr *attributes[IFA_MAX + 1];
	struct address address;

	route_attributes(message, sizeof(*info), attributes, IFA_MAX);
	/* Of a point-to-point device IFA_ADDRESS is the far end. */
	address = read_address(attributes[IFA_LOCAL], info->ifa_family);
	if (address.family == AF_UNSPEC)
		address = read_address(attributes[IFA_ADDRESS], info->ifa_family);
	if (link == NULL)
		return MNL_CB_OK;
	if (address.family == AF_INET && link->ipv4.family == AF_UNSPEC) {
		link->ipv4 = address;
		link->bits4 = info->ifa_prefixlen;
	}
	if (address.family == AF_INET6 &&
	    (link->ipv6.family == AF_UNSPEC || address_class(&link->ipv6) == ADDRESS_LINK_LOCAL))
		link->ipv6 = address;
	return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *message, void *arg)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[RTA_MAX + 1];
	struct network_link *link;
	struct address hop;

	route_attributes(message, sizeof(*route), attributes, RTA_MAX);
	if (route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST ||
	    attributes[RTA_OIF] == NULL)
		return MNL_CB_OK;
	hop = read_address(attributes[RTA_GATEWAY], route->rtm_family);
	link = link_at(arg, mnl_attr_get_u32(attributes[RTA_OIF]));
	if (link == NULL)
		return MNL_CB_OK;
	if (route->rtm_family == AF_INET) {
		link->default4 = true;
		link->hop4 = hop;
	} else {
		link->default6 = true;
		link->hop6 = hop;
	}
	return MNL_CB_OK;
}

static int network_fill(void *arg)
{
	if (route_dump(RTM_GETLINK, AF_UNSPEC, take_link, arg) < 0 ||
	    route_dump(RTM_GETADDR, AF_UNSPEC, take_link_address, arg) < 0 ||
	    route_dump(RTM_GETROUTE, AF_INET, take_route, arg) < 0)
		return -1;
	/* A kernel without IPv6 is no fault. */
	(void)!route_dump(RTM_GETROUTE, AF_INET6, take_route, arg);
	return 0;
}

int network_read(int netns, struct network *network)
{
	*network = (struct network){0};
	return network_visit(netns, network_fill, network);
}

const struct network_link *network_find(const struct network *network, const char *device)
{
	for (size_t i = 0; i < network->count; i++) {
		if (strcmp(network->links[i].name, device) == 0)
			return &network->links[i];
	}
	return NULL;
}

struct rule_visit {
	network_rule_fn *take;
	void *arg;
};

static int take_rule(const struct nlmsghdr *message, void *arg)
{
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[FRA_MAX + 1];
	const struct rule_visit *visit = arg;
	struct network_rule rule = {.table = head->table};

	route_attributes(message, sizeof(*head), attributes, FRA_MAX);
	rule.to.bits = head->dst_len;
	rule.to.address = head->dst_len == 0 ? (struct address){.family = head->family}
					     : read_address(attributes[FRA_DST], head->family);
	if (rule.to.address.family == AF_UNSPEC || head->action != FR_ACT_TO_TBL)
		return MNL_CB_OK;
	if (attributes[FRA_TABLE] != NULL)
		rule.table = mnl_attr_get_u32(attributes[FRA_TABLE]);
	visit->take(visit->arg, &rule);
	return MNL_CB_OK;
}

int network_rules(network_rule_fn *take, void *arg)
{
	struct rule_visit visit = {take, arg};

	if (route_dump(RTM_GETRULE, AF_INET, take_rule, &visit) < 0)
		return -1;
	/* A kernel without IPv6 is no fault. */
	(void)!route_dump(RTM_GETRULE, AF_INET6, take_rule, &visit);
	return 0;
}

static struct address read_neighbour(const struct nlmsghdr *message,
				     const struct nlattr *attributes[NDA_MAX + 1])
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(message);

	route_attributes(message, sizeof(*info), attributes, NDA_MAX);
	return read_address(attributes[NDA_DST], info->ndm_family);
}

struct neighbour {
	struct address address;
	uint8_t *mac;
	bool found;
};

static int take_neighbour(const struct nlmsghdr *message, void *arg)
{
	const struct nlattr *attributes[NDA_MAX + 1];
	struct neighbour *neighbour = arg;
	struct address address = read_neighbour(message, attributes);

	if (attributes[NDA_LLADDR] != NULL &&
	    mnl_attr_get_payload_len(attributes[NDA_LLADDR]) == MAC_LEN &&
	    address_equals(&address, &neighbour->address)) {
		memcpy(neighbour->mac, mnl_attr_get_payload(attributes[NDA_LLADDR]), MAC_LEN);
		neighbour->found = true;
	}
	return MNL_CB_OK;
}

static int neighbour_find(void *arg)
{
	return route_dump(RTM_GETNEIGH, AF_UNSPEC, take_neighbour, arg);
}

bool network_neighbour(int netns, const struct address *address, uint8_t mac[MAC_LEN])
{
	struct neighbour neighbour = {.address = *address, .mac = mac};

	return network_visit(netns, neighbour_find, &neighbour) == 0 && neighbour.found;
}

struct awaiting {
	network_match_fn *matches;
	void *arg;
	bool found;
};

static int take_awaited(const struct nlmsghdr *message, void *arg)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[NDA_MAX + 1];
	struct awaiting *awaiting = arg;
	struct address address = read_neighbour(message, attributes);

	if ((info->ndm_state & NUD_INCOMPLETE) != 0 && awaiting->matches(awaiting->arg, &address))
		awaiting->found = true;
	return MNL_CB_OK;
}

static int awaited_find(void *arg)
{
	return route_dump(RTM_GETNEIGH, AF_UNSPEC, take_awaited, arg);
}

bool network_awaits(int netns, network_match_fn *matches, void *arg)
{
	struct awaiting awaiting = {.matches = matches, .arg = arg};

	return network_visit(netns, awaited_find, &awaiting) == 0 && awaiting.found;
}
