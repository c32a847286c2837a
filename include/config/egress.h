/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One way out, as the policy file describes it. Part of config/config.h. */
#ifndef CONFIG_EGRESS_H
#define CONFIG_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum egress_kind {
	EGRESS_DEVICE, /* every socket bound to the device */
	EGRESS_PROXY,  /* through another proxy */
	EGRESS_DIRECT, /* the namespace's own routing */
};

enum {
	CONFIG_RESOLVERS_MAX = 4,
	CONFIG_GLUETUN_HEALTH_PORT = 9999, /* of 127.0.0.1, as Gluetun has it */
};

struct egress_config {
	const char *name;
	enum egress_kind kind;
	const char *device;       /* EGRESS_DEVICE */
	const char *upstream_url; /* EGRESS_PROXY, as written */
	/* With ports; never empty for device and direct. */
	struct address resolvers[CONFIG_RESOLVERS_MAX];
	size_t resolver_count;
	bool allow_private;          /* "private" */
	const char *gluetun_url;     /* or NULL */
	const char *key_file;        /* or NULL */
	struct address probe_target; /* AF_UNSPEC: the resolvers, over TCP */
	int64_t probe_every_ms;
	unsigned line;
};

#endif
