/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking an address up among one's own. */
#include "egressctl/interfaces.h"

#include <ifaddrs.h>
#include <stdio.h>

bool interface_with(const struct address *address, char name[IFNAMSIZ])
{
	struct ifaddrs *list, *each;

	if (getifaddrs(&list) < 0)
		return false;
	for (each = list; each != NULL; each = each->ifa_next) {
		struct address own;

		if (each->ifa_addr == NULL)
			continue;
		own = address_from_sockaddr(each->ifa_addr, each->ifa_addr->sa_family == AF_INET
								    ? sizeof(struct sockaddr_in)
								    : sizeof(struct sockaddr_in6));
		if (own.family != AF_UNSPEC && address_equals(&own, address))
			break;
	}
	if (each != NULL)
		snprintf(name, IFNAMSIZ, "%s", each->ifa_name);
	freeifaddrs(list);
	return each != NULL;
}
