/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watches the uplinks by index: they are renamed before they are taken away. */
#include "namespace.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "tunnel/link.h"
#include "tunnel/netlink.h"

enum {
	NAMESPACE_UPLINKS_MAX = 64,
};

struct namespace_watch {
	int fd;
	struct event event;
	const struct config *config;
	struct link_table table;
	unsigned uplinks[NAMESPACE_UPLINKS_MAX]; /* by index, as they were seen up */
	size_t uplink_count;
	bool had_one, gone;
	namespace_changed_fn *changed;
	void *arg;
};

static bool link_is_tunnel(const struct link *link, const struct config *config)
{
	for (size_t i = 0; i < config->egress_count; i++) {
		const char *device = config->egresses[i].device;

		if (device != NULL && strcmp(device, link->name) == 0)
			return true;
	}
	return false;
}

static bool watch_knows(const struct namespace_watch *watch, unsigned ifindex)
{
	for (size_t i = 0; i < watch->uplink_count; i++) {
		if (watch->uplinks[i] == ifindex)
			return true;
	}
	return false;
}

/* Up, since every namespace may have devices of kernel modules, which nobody uses. */
static void watch_add(struct namespace_watch *watch, const struct link *link)
{
	if ((link->flags & IFF_LOOPBACK) != 0 || (link->flags & IFF_UP) == 0 ||
	    link_is_tunnel(link, watch->config) || watch_knows(watch, link->ifindex) ||
	    watch->uplink_count == NAMESPACE_UPLINKS_MAX)
		return;
	watch->uplinks[watch->uplink_count++] = link->ifindex;
	watch->had_one = true;
}

static bool table_has(const struct link_table *table, unsigned ifindex)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->links[i].ifindex == ifindex)
			return true;
	}
	return false;
}

static void watch_look(struct namespace_watch *watch)
{
	size_t kept = 0;
	bool gone;

	for (size_t i = 0; i < watch->table.count; i++)
		watch_add(watch, &watch->table.links[i]);
	for (size_t i = 0; i < watch->uplink_count; i++) {
		if (table_has(&watch->table, watch->uplinks[i]))
			watch->uplinks[kept++] = watch->uplinks[i];
	}
	watch->uplink_count = kept;
	gone = watch->had_one && kept == 0;
	if (gone != watch->gone) {
		watch->gone = gone;
		watch->changed(watch->arg, gone);
	}
}

static void watch_dump(struct namespace_watch *watch)
{
	if (netlink_dump(&watch->table) < 0)
		log_warn("the links of the network namespace cannot be listed: %m");
	else
		watch_look(watch);
}

static void watch_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct namespace_watch *watch = arg;
	uint8_t bytes[NETLINK_BUFFER_SIZE];
	const uint8_t *rest = bytes;
	struct link_message message;
	ssize_t got = netlink_read(fd, bytes, sizeof(bytes));
	size_t len = got < 0 ? 0 : (size_t)got;

	(void)what;
	if (got < 0 && errno == EAGAIN)
		return;
	if (got < 0) {
		/* Some were lost; only a list tells the truth. */
		watch_dump(watch);
		return;
	}
	while (link_message_next(&rest, &len, &message))
		(void)link_table_apply(&watch->table, &message);
	watch_look(watch);
}

struct namespace_watch *namespace_watch_new(struct event_base *base, const struct config *config,
					    namespace_changed_fn *changed, void *arg)
{
	struct namespace_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->config = config;
	watch->changed = changed;
	watch->arg = arg;
	watch->fd = netlink_open_events();
	if (watch->fd < 0)
		goto fail;
	event_assign(&watch->event, base, watch->fd, EV_READ | EV_PERSIST, watch_on_event, watch);
	if (event_add(&watch->event, NULL) < 0)
		goto fail;
	watch_dump(watch);
	return watch;
fail:
	fd_close(watch->fd);
	free(watch);
	return NULL;
}

void namespace_watch_free(struct namespace_watch *watch)
{
	if (watch == NULL)
		return;
	event_del(&watch->event);
	fd_close(watch->fd);
	link_table_clear(&watch->table);
	free(watch);
}

void namespace_watch_use(struct namespace_watch *watch, const struct config *config)
{
	watch->config = config;
}
