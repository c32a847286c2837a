/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which devices there are beside the tunnels: what leaves by them leaves in clear. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/kernel.h"

static bool is_link(const struct firewall_policy *policy, const char *name)
{
	if (strcmp(name, "lo") == 0)
		return false;
	for (size_t i = 0; i < policy->device_count; i++) {
		if (strcmp(name, policy->devices[i]) == 0)
			return false;
	}
	return true;
}

static int link_compare(const void *a, const void *b)
{
	return strncmp(a, b, IFNAMSIZ);
}

int firewall_read_links(const struct firewall_policy *policy, struct firewall_links *links)
{
	struct if_nameindex *devices = if_nameindex();
	int result = 0;

	*links = (struct firewall_links){0};
	if (devices == NULL)
		return -1;
	for (size_t i = 0; devices[i].if_name != NULL; i++) {
		if (!is_link(policy, devices[i].if_name))
			continue;
		if (links->count == RULESET_DEVICES_MAX) {
			errno = ENOSPC;
			result = -1;
			break;
		}
		strncpy(links->names[links->count++], devices[i].if_name, IFNAMSIZ - 1);
	}
	if_freenameindex(devices);
	if (links->count > 1)
		qsort(links->names, links->count, sizeof(links->names[0]), link_compare);
	return result;
}
