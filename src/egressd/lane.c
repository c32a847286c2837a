/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An egress in one worker. */
#include "egressd/lane.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "egressd/snapshot.h"
#include "tunnel/tunnel.h"

/* What of a lane comes from the egress line, to compare and to take over at once. */
static void lane_read(const struct egress *egress, struct lane *lane)
{
	const struct egress_config *config = egress->config;

	*lane = (struct lane){.tunnel = egress->tunnel, .allow_private = config->allow_private};
	snprintf(lane->name, sizeof(lane->name), "%s", config->name);
	if (config->kind == EGRESS_DEVICE)
		snprintf(lane->device, sizeof(lane->device), "%s", config->device);
	if (config->kind == EGRESS_PROXY)
		snprintf(lane->upstream_url, sizeof(lane->upstream_url), "%s",
			 config->upstream_url);
	lane->resolver_settings.server_count = config->resolver_count;
	memcpy(lane->resolver_settings.servers, config->resolvers,
	       config->resolver_count * sizeof(config->resolvers[0]));
}

static bool lane_equals(const struct lane *a, const struct lane *b)
{
	if (strcmp(a->device, b->device) != 0 || strcmp(a->upstream_url, b->upstream_url) != 0 ||
	    a->allow_private != b->allow_private ||
	    a->resolver_settings.server_count != b->resolver_settings.server_count)
		return false;
	for (size_t i = 0; i < a->resolver_settings.server_count; i++) {
		if (!address_equals_endpoint(&a->resolver_settings.servers[i],
					     &b->resolver_settings.servers[i]))
			return false;
	}
	return true;
}

bool lane_configure(struct lane *lane, const struct egress *egress)
{
	struct lane wanted;

	lane_read(egress, &wanted);
	lane->tunnel = wanted.tunnel;
	if (lane->is_configured && lane_equals(lane, &wanted))
		return false;
	memcpy(lane->name, wanted.name, sizeof(lane->name));
	memcpy(lane->device, wanted.device, sizeof(lane->device));
	memcpy(lane->upstream_url, wanted.upstream_url, sizeof(lane->upstream_url));
	lane->resolver_settings = wanted.resolver_settings;
	lane->resolver_settings.counters = lane->resolver_counters;
	lane->resolver_settings.device = lane->device[0] != '\0' ? lane->device : NULL;
	lane->allow_private = wanted.allow_private;
	/* With a tunnel the first epoch is the tunnel's own. */
	if (lane->is_configured || lane->tunnel == NULL)
		lane->epoch++;
	lane->is_configured = true;
	lane->tunnel_epoch = 0;
	if (lane->tunnel == NULL)
		lane->is_up = lane->ipv4 = lane->ipv6 = true;
	return true;
}

bool lane_look(struct lane *lane, bool halted, bool thorough)
{
	struct tunnel_status status;
	uint32_t epoch;
	bool is_up;

	if (lane->tunnel == NULL) {
		lane->is_up = !halted;
		return false;
	}
	is_up = tunnel_state(lane->tunnel, &epoch) == TUNNEL_UP && !halted;
	if (!thorough && is_up == lane->is_up && epoch == lane->tunnel_epoch)
		return false;
	/* The full status may be newer than the two atomics; take the pair from it alone. */
	tunnel_status(lane->tunnel, &status);
	lane->is_up = status.state == TUNNEL_UP && !halted;
	lane->ipv4 = status.ipv4.family != AF_UNSPEC;
	lane->ipv6 = status.ipv6.family != AF_UNSPEC;
	if (status.epoch == lane->tunnel_epoch)
		return false;
	/* In step with the tunnel, so that the log and status speak of the same number. */
	lane->epoch += status.epoch > lane->tunnel_epoch ? status.epoch - lane->tunnel_epoch : 1;
	lane->tunnel_epoch = status.epoch;
	return true;
}

int lane_route(struct lane *lane, struct event_base *base, const struct egress *egress,
	       const struct guard *guard, struct dial_route *route)
{
	if (lane->resolver == NULL && lane->resolver_settings.server_count > 0) {
		lane->resolver = resolver_new(base, &lane->resolver_settings);
		if (lane->resolver == NULL)
			return -1;
	}
	*route = (struct dial_route){
		.device = lane->device[0] != '\0' ? lane->device : NULL,
		.ipv4 = lane->ipv4,
		.ipv6 = lane->ipv6,
		.allow_private = lane->allow_private,
		.resolver = lane->resolver,
		.upstream = egress->upstream,
		.guard = guard,
	};
	return 0;
}

void lane_clear(struct lane *lane)
{
	resolver_free(lane->resolver);
	lane->resolver = NULL;
}

void lane_note_alive(struct lane *lane)
{
	if (lane->tunnel == NULL || lane->seen_at_ms == lane->noted_at_ms)
		return;
	lane->noted_at_ms = lane->seen_at_ms;
	tunnel_note_alive(lane->tunnel, lane->seen_at_ms);
}
