/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The devices of a network namespace, their addresses and next hops; and changing them. */
#ifndef LEAK_NETWORK_H
#define LEAK_NETWORK_H

#include <net/if.h>

#include "base/prefix.h"
#include "leak/probe.h"

enum {
	NETWORK_LINKS_MAX = 256, /* the machine around the gateway has one for every container */
};

struct network_link {
	char name[IFNAMSIZ];
	unsigned index;
	bool up, loopback;
	bool ethernet; /* mac is filled */
	uint8_t mac[MAC_LEN];
	struct address ipv4, ipv6; /* AF_UNSPEC: none; a global one rather than a local one */
	struct address hop4, hop6; /* of a default route; AF_UNSPEC: none */
	bool default4, default6;   /* a default route leads there, with or without a next hop */
	uint8_t bits4;             /* of the network of ipv4 */
};

struct network {
	struct network_link links[NETWORK_LINKS_MAX];
	size_t count;
};

/* Runs a function in a network namespace (a descriptor; -1: this one) and comes back. Returns what
 * it returns; -1 + errno when one may not go there. */
MUST_CHECK int network_visit(int netns, int (*visit)(void *arg), void *arg);

/* -1 + errno; EOVERFLOW: there are more devices than NETWORK_LINKS_MAX. */
MUST_CHECK int network_read(int netns, struct network *network);

/* By its name. NULL: there is none. */
const struct network_link *network_find(const struct network *network, const char *device);

/* A rule of policy routing that leads to a table. */
struct network_rule {
	uint32_t table;
	struct prefix to; /* bits 0: whatever the destination is */
};

typedef void network_rule_fn(void *arg, const struct network_rule *rule);

/* Each such rule of the namespace that one is in, both families. -1 + errno. */
MUST_CHECK int network_rules(network_rule_fn *take, void *arg);

/* The MAC that an address on the link has, as far as it is known. */
MUST_CHECK bool network_neighbour(int netns, const struct address *address, uint8_t mac[MAC_LEN]);

/* Is the kernel looking for a neighbour of such an address? What is sent there waits meanwhile. */
typedef bool network_match_fn(void *arg, const struct address *address);
MUST_CHECK bool network_awaits(int netns, network_match_fn *matches, void *arg);

/* What follows works in the namespace that one is in. -1 + errno. */

/* Two devices wired to each other; the second is made in the namespace peer_netns. */
MUST_CHECK int network_add_pair(const char *device, const char *peer, int peer_netns);
MUST_CHECK int network_add_address(const char *device, const struct address *address, uint8_t bits);
/* Up and without ARP: what is sent arrives. */
MUST_CHECK int network_set_up(const char *device, bool up);
/* The default route of the address's family, by a device. */
MUST_CHECK int network_set_default(const char *device, sa_family_t family, uint32_t metric,
				   bool present);
MUST_CHECK int network_remove_link(const char *device);

#endif
