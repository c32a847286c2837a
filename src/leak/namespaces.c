/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding network namespaces by what /proc says. */
#include "namespaces.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "config/config.h"
#include "leak/network.h"

int namespace_open(const char *name)
{
	char path[256];

	if (strchr(name, '/') != NULL)
		snprintf(path, sizeof(path), "%s", name);
	else if (name[strspn(name, "0123456789")] == '\0')
		snprintf(path, sizeof(path), "/proc/%s/ns/net", name);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The client that has an address of this network; -1: none has. One that may come from anywhere is
 * nobody that could be looked for. */
static int client_find(const struct config *config, const struct network *network)
{
	for (size_t i = 0; i < config->client_count; i++) {
		const struct client_config *client = &config->clients[i];

		for (size_t j = 0; j < client->address_count * network->count; j++) {
			const struct network_link *link = &network->links[j % network->count];
			const struct prefix *prefix = &client->addresses[j / network->count];

			if (prefix_contains(prefix, &link->ipv4) ||
			    prefix_contains(prefix, &link->ipv6))
				return (int)i;
		}
	}
	return -1;
}

struct namespaces_seen {
	ino_t *inodes;
	size_t count;
};

/* True: it was not among those seen before. Without memory it is looked at again. */
static bool namespace_is_new(struct namespaces_seen *seen, ino_t inode)
{
	ino_t *more;

	for (size_t i = 0; i < seen->count; i++) {
		if (seen->inodes[i] == inode)
			return false;
	}
	more = array_more(seen->inodes, seen->count, sizeof(*more));
	if (more != NULL) {
		seen->inodes = more;
		seen->inodes[seen->count++] = inode;
	}
	return true;
}

static bool place_take(const struct config *config, int netns, struct client_place *place)
{
	struct network network;
	int client;

	if (network_read(netns, &network) < 0)
		return false;
	client = client_find(config, &network);
	if (client < 0)
		return false;
	*place = (struct client_place){.netns = netns,
				       .client = config_client_name(config, (size_t)client)};
	return true;
}

size_t namespaces_of_clients(const struct config *config, struct client_place *places, size_t max)
{
	static const char *const not_apps[] = {"/proc/self/ns/net", "/proc/1/ns/net"};
	struct namespaces_seen seen = {0};
	size_t count = 0;
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	struct stat status;

	for (size_t i = 0; i < ARRAY_LEN(not_apps); i++) {
		if (stat(not_apps[i], &status) == 0)
			(void)namespace_is_new(&seen, status.st_ino);
	}
	while (processes != NULL && count < max && (entry = readdir(processes)) != NULL) {
		int netns = isdigit((unsigned char)entry->d_name[0]) ? namespace_open(entry->d_name)
								     : -1;

		if (netns < 0)
			continue;
		if (fstat(netns, &status) == 0 && namespace_is_new(&seen, status.st_ino) &&
		    place_take(config, netns, &places[count]))
			count++;
		else
			fd_close(netns);
	}
	if (processes != NULL)
		closedir(processes);
	free(seen.inodes);
	return count;
}
