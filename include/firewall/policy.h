/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a policy needs of the network, in words of packets. */
#ifndef FIREWALL_POLICY_H
#define FIREWALL_POLICY_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/prefix.h"
#include "firewall/ruleset.h"

enum {
	FIREWALL_PROXY_UID = 1900, /* who the proxy is, when nobody says otherwise */
};

/* A port of ours and who may come to it; from_count 0: anyone but what comes through the tunnel. */
struct firewall_service {
	struct address address;
	const struct prefix *from;
	size_t from_count;
	bool datagrams; /* SOCKS is spoken there: UDP associations too */
};

struct firewall_forward {
	struct firewall_service service;
	struct address target;
};

/* What egressd itself reaches outside the tunnel: Gluetun's control server, an upstream proxy. */
struct firewall_target {
	struct address address;
	bool datagrams; /* over UDP as well */
};

/* Where the VPN's own packets go to. */
struct firewall_endpoint {
	struct address address;
	bool over_tcp; /* and not UDP */
	uint32_t mark; /* that its packets bear; 0: any */
};

/* Every device of a namespace but lo and the tunnels. */
struct firewall_links {
	char names[RULESET_DEVICES_MAX][IFNAMSIZ];
	size_t count;
};

/* Everything is borrowed. */
struct firewall_policy {
	uint32_t uid; /* the proxy's */
	bool strict;
	const char *const *devices; /* the tunnels */
	size_t device_count;
	const struct firewall_service *listeners;
	size_t listener_count;
	const struct firewall_forward *forwards;
	size_t forward_count;
	const struct firewall_target *targets;
	size_t target_count;
	const struct firewall_endpoint *endpoints;
	size_t endpoint_count;
	bool direct;                     /* an egress is the namespace's own routing, */
	bool direct_private;             /* to private addresses too, */
	const struct address *resolvers; /* and these tell its names */
	size_t resolver_count;
	const struct firewall_links *links;
	const struct prefix *apps; /* who may reach the services above and nothing else here */
	size_t app_count;
	uint16_t udp_port_low, udp_port_high; /* of associations; 0 0: the kernel's own range */
	const char *bridge;                   /* of the apps' network, on the host */
};

#endif
