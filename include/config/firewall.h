/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the policy says of the packet rules themselves. */
#ifndef CONFIG_FIREWALL_H
#define CONFIG_FIREWALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum {
	CONFIG_ENDPOINTS_MAX = 64,
};

/* Where the VPN connects to: "vpn-endpoint". */
struct endpoint_config {
	struct address address;
	bool over_tcp;
	uint32_t mark; /* 0: none asked for */
};

struct firewall_config {
	bool strict; /* nobody beside the tunnel but the VPN itself leaves */
	struct endpoint_config endpoints[CONFIG_ENDPOINTS_MAX];
	size_t endpoint_count;
};

#endif
