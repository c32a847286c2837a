/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what a policy needs of the network to the rules that let through that and nothing else.
 * Pure.
 */
#ifndef FIREWALL_DERIVE_H
#define FIREWALL_DERIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/prefix.h"

struct ruleset;

#define FIREWALL_TABLE "egressd"
#define FIREWALL_TABLE_APP "egressd_app"
#define FIREWALL_TABLE_HOST "egressd_host"

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

/* Everything is borrowed. */
struct firewall_policy {
	uint32_t uid;               /* the proxy's */
	const char *const *devices; /* the tunnels */
	size_t device_count;
	const struct firewall_service *listeners;
	size_t listener_count;
	const struct firewall_forward *forwards;
	size_t forward_count;
	const struct firewall_target *targets;
	size_t target_count;
	const struct prefix *apps; /* who may reach the services above and nothing else here */
	size_t app_count;
	uint16_t udp_port_low, udp_port_high; /* of associations; 0 0: the kernel's own range */
	const char *bridge;                   /* of the apps' network, on the host */
};

/*
 * Each initialises *ruleset; the caller clears it in any case. -1 + errno: ENOMEM, or EINVAL when
 * *problem (static) says why there can be no such rules.
 *
 * gateway, in the tunnel's namespace: what the proxy's user sends leaves by a tunnel, except
 * answers to clients and forwards, forwards' second legs and targets; apps reach the listeners and
 * forwards and nothing else there, and what comes out of a tunnel reaches neither.
 * app, in an app's namespace: only the listeners and forwards with an address of their own.
 * host, where the bridge is: what comes from the bridge goes nowhere else.
 */
MUST_CHECK int firewall_derive_gateway(const struct firewall_policy *policy, const char *table,
				       struct ruleset *ruleset, const char **problem);
MUST_CHECK int firewall_derive_app(const struct firewall_policy *policy, const char *table,
				   struct ruleset *ruleset, const char **problem);
MUST_CHECK int firewall_derive_host(const struct firewall_policy *policy, const char *table,
				    struct ruleset *ruleset, const char **problem);

#endif
