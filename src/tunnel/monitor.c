/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread that watches the devices. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "state.h"
#include "tunnel/link.h"
#include "tunnel/netlink.h"

enum {
	MONITOR_RESYNC_RETRY_MS = 1000,
	MONITOR_EVENTS_AT_ONCE = 16,
};

struct tunnel_monitor {
	tunnel_change_fn *on_change;
	void *arg;
	int epoll_fd, wake_fd, netlink_fd;
	pthread_t thread;
	bool started;
	_Atomic bool stopping;
	pthread_mutex_t lock;           /* over adding to the list */
	struct tunnel *_Atomic tunnels; /* grows at its head only */

	struct link_table table; /* from here on the monitor's thread only */
	int64_t resync_at_ms;    /* INT64_MAX: the table is right */
};

static struct tunnel *monitor_first(struct tunnel_monitor *monitor)
{
	return atomic_load_explicit(&monitor->tunnels, memory_order_acquire);
}

/* Tells no news to a tunnel whose device is as it was. */
static void monitor_observe(struct tunnel_monitor *monitor, int64_t now_ms)
{
	for (struct tunnel *each = monitor_first(monitor); each != NULL; each = each->next)
		tunnel_observe(each, link_table_find(&monitor->table, each->probe.device), now_ms);
}

static void monitor_drain(struct tunnel_monitor *monitor)
{
	uint8_t bytes[NETLINK_BUFFER_SIZE];

	while (netlink_read(monitor->netlink_fd, bytes, sizeof(bytes)) >= 0 || errno == ENOBUFS)
		;
}

/*
 * Old news is thrown away before the dump, so that little of it can be played over the newer truth;
 * what arrives after that is newer than the drain and ends where the dump did or later.
 */
static void monitor_resync(struct tunnel_monitor *monitor, int64_t now_ms)
{
	int error;

	monitor_drain(monitor);
	if (netlink_dump(&monitor->table) == 0) {
		monitor->resync_at_ms = INT64_MAX;
		monitor_observe(monitor, now_ms);
		return;
	}
	error = errno;
	log_error("cannot list the network devices: %s", strerror(error));
	for (struct tunnel *each = monitor_first(monitor); each != NULL; each = each->next)
		tunnel_lose_sight(each, strerror(error));
	link_table_clear(&monitor->table);
	monitor->resync_at_ms = now_ms + MONITOR_RESYNC_RETRY_MS;
}

/* After every single message: an address that goes and comes back within one read is a new epoch
 * all the same. */
static void monitor_apply(struct tunnel_monitor *monitor, const uint8_t *bytes, size_t len,
			  int64_t now_ms)
{
	struct link_message message;

	while (link_message_next(&bytes, &len, &message)) {
		if (link_table_apply(&monitor->table, &message))
			monitor_observe(monitor, now_ms);
	}
	if (monitor->table.incomplete)
		monitor->resync_at_ms = now_ms;
}

static void monitor_on_netlink(struct tunnel_monitor *monitor, int64_t now_ms)
{
	uint8_t bytes[NETLINK_BUFFER_SIZE];
	ssize_t len;

	while ((len = netlink_read(monitor->netlink_fd, bytes, sizeof(bytes))) >= 0) {
		if (monitor->resync_at_ms == INT64_MAX)
			monitor_apply(monitor, bytes, (size_t)len, now_ms);
	}
	if (errno != EAGAIN)
		monitor->resync_at_ms = now_ms;
}

static void monitor_on_wake(struct tunnel_monitor *monitor, int64_t now_ms)
{
	eventfd_t count;

	(void)eventfd_read(monitor->wake_fd, &count);
	for (struct tunnel *each = monitor_first(monitor); each != NULL; each = each->next)
		tunnel_take_settings(each, now_ms);
	if (monitor->resync_at_ms == INT64_MAX)
		monitor_observe(monitor, now_ms);
}

/* Does what is due; returns the time to wait, as epoll wants it. */
static int monitor_tick(struct tunnel_monitor *monitor, int64_t now_ms)
{
	int64_t next_ms;

	if (now_ms >= monitor->resync_at_ms)
		monitor_resync(monitor, now_ms);
	next_ms = monitor->resync_at_ms;
	for (struct tunnel *each = monitor_first(monitor); each != NULL; each = each->next) {
		int64_t due_ms = tunnel_tick(each, now_ms);

		if (due_ms < next_ms)
			next_ms = due_ms;
	}
	if (next_ms == INT64_MAX)
		return -1;
	return next_ms <= now_ms ? 0 : (int)(next_ms - now_ms);
}

static void monitor_on_event(struct tunnel_monitor *monitor, void *source, int64_t now_ms)
{
	if (source == &monitor->wake_fd)
		monitor_on_wake(monitor, now_ms);
	else if (source == &monitor->netlink_fd)
		monitor_on_netlink(monitor, now_ms);
	else
		tunnel_on_probe_event(source, now_ms);
}

static void *monitor_run(void *arg)
{
	struct tunnel_monitor *monitor = arg;
	struct epoll_event events[MONITOR_EVENTS_AT_ONCE];

	monitor_on_wake(monitor, clock_monotonic_ms());
	while (!atomic_load(&monitor->stopping)) {
		int wait_ms = monitor_tick(monitor, clock_monotonic_ms());
		int count = epoll_wait(monitor->epoll_fd, events, MONITOR_EVENTS_AT_ONCE, wait_ms);

		for (int i = 0; i < count; i++)
			monitor_on_event(monitor, events[i].data.ptr, clock_monotonic_ms());
	}
	return NULL;
}

static int monitor_listen(struct tunnel_monitor *monitor, int *fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = fd};

	return epoll_ctl(monitor->epoll_fd, EPOLL_CTL_ADD, *fd, &event);
}

struct tunnel_monitor *tunnel_monitor_new(tunnel_change_fn *on_change, void *arg)
{
	struct tunnel_monitor *monitor = calloc(1, sizeof(*monitor));

	if (monitor == NULL)
		return NULL;
	monitor->on_change = on_change;
	monitor->arg = arg;
	pthread_mutex_init(&monitor->lock, NULL);
	monitor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	monitor->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	monitor->netlink_fd = netlink_open_events();
	if (monitor->epoll_fd < 0 || monitor->wake_fd < 0 || monitor->netlink_fd < 0 ||
	    monitor_listen(monitor, &monitor->wake_fd) < 0 ||
	    monitor_listen(monitor, &monitor->netlink_fd) < 0) {
		tunnel_monitor_free(monitor);
		return NULL;
	}
	return monitor;
}

/* Signals are main's: none may land here. */
int tunnel_monitor_start(struct tunnel_monitor *monitor)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&monitor->thread, NULL, monitor_run, monitor);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		errno = error;
		return -1;
	}
	monitor->started = true;
	pthread_setname_np(monitor->thread, "tunnel");
	return 0;
}

void tunnel_monitor_free(struct tunnel_monitor *monitor)
{
	struct tunnel *tunnel;
	int saved = errno;

	if (monitor == NULL)
		return;
	if (monitor->started) {
		atomic_store(&monitor->stopping, true);
		(void)eventfd_write(monitor->wake_fd, 1);
		pthread_join(monitor->thread, NULL);
	}
	while ((tunnel = monitor_first(monitor)) != NULL) {
		atomic_store(&monitor->tunnels, tunnel->next);
		tunnel_free(tunnel);
	}
	link_table_clear(&monitor->table);
	fd_close(monitor->netlink_fd);
	fd_close(monitor->wake_fd);
	fd_close(monitor->epoll_fd);
	pthread_mutex_destroy(&monitor->lock);
	free(monitor);
	errno = saved;
}

static struct tunnel *monitor_find(struct tunnel_monitor *monitor, const char *device)
{
	struct tunnel *tunnel = monitor_first(monitor);

	while (tunnel != NULL && strcmp(tunnel->probe.device, device) != 0)
		tunnel = tunnel->next;
	return tunnel;
}

struct tunnel *tunnel_watch(struct tunnel_monitor *monitor, const struct tunnel_settings *settings)
{
	struct tunnel *tunnel;

	if (settings->device[0] == '\0' || strlen(settings->device) >= IF_NAMESIZE) {
		errno = EINVAL;
		return NULL;
	}
	pthread_mutex_lock(&monitor->lock);
	tunnel = monitor_find(monitor, settings->device);
	if (tunnel != NULL) {
		tunnel_want(tunnel, settings);
	} else {
		tunnel = tunnel_new(settings, monitor->epoll_fd, monitor->on_change, monitor->arg);
		if (tunnel != NULL) {
			tunnel->next = monitor_first(monitor);
			atomic_store_explicit(&monitor->tunnels, tunnel, memory_order_release);
		}
	}
	pthread_mutex_unlock(&monitor->lock);
	(void)eventfd_write(monitor->wake_fd, 1);
	return tunnel;
}
