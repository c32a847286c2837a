/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP connections through a device, for a sign of life only. */
#include "probe.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"

void probe_init(struct probe *probe, int epoll_fd, const char *device)
{
	*probe = (struct probe){.epoll_fd = epoll_fd};
	memcpy(probe->device, device, strnlen(device, IF_NAMESIZE - 1));
	for (size_t i = 0; i < PROBE_TARGETS_MAX; i++)
		probe->sockets[i] = (struct probe_socket){.probe = probe, .target = i, .fd = -1};
}

void probe_stop(struct probe *probe)
{
	for (size_t i = 0; i < PROBE_TARGETS_MAX; i++)
		fd_clear(&probe->sockets[i].fd);
	probe->running = false;
}

void probe_set_targets(struct probe *probe, const struct address *targets, size_t count)
{
	probe_stop(probe);
	probe->target_count = count < PROBE_TARGETS_MAX ? count : PROBE_TARGETS_MAX;
	probe->preferred = 0;
	if (count > 0)
		memcpy(probe->targets, targets, probe->target_count * sizeof(*targets));
}

static int probe_connect(const struct probe *probe, const struct address *target)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	struct sockaddr_storage to;
	socklen_t to_len = address_to_sockaddr(target, &to);
	int fd = socket(target->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, probe->device,
		       (socklen_t)strlen(probe->device)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		goto fail;
	if (connect(fd, (struct sockaddr *)&to, to_len) < 0 && errno != EINPROGRESS)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}

static void probe_open(struct probe *probe, size_t target)
{
	struct probe_socket *socket = &probe->sockets[target];
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = socket};

	probe->sent++;
	socket->fd = probe_connect(probe, &probe->targets[target]);
	if (socket->fd >= 0 && epoll_ctl(probe->epoll_fd, EPOLL_CTL_ADD, socket->fd, &event) < 0)
		fd_clear(&socket->fd);
	if (socket->fd < 0)
		probe->failed++;
}

static enum probe_result probe_left(struct probe *probe)
{
	for (size_t i = 0; i < PROBE_TARGETS_MAX; i++) {
		if (probe->sockets[i].fd >= 0)
			return PROBE_WAITING;
	}
	probe->running = false;
	return PROBE_FAILED;
}

enum probe_result probe_start(struct probe *probe, int64_t now_ms, bool all)
{
	probe_stop(probe);
	probe->running = true;
	probe->started_at_ms = now_ms;
	probe->started_at_us = clock_monotonic_us();
	for (size_t i = 0; i < probe->target_count; i++) {
		if (all || i == probe->preferred)
			probe_open(probe, i);
	}
	return probe_left(probe);
}

/* Only a TCP segment proves the far side: an ICMP error (which may be our own kernel's or the
 * tunnel gateway's) can look like ECONNREFUSED, but leaves the count of segments at nought. */
static bool probe_was_answered(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return false;
	return info.tcpi_segs_in > 0;
}

enum probe_result probe_on_event(struct probe_socket *socket)
{
	struct probe *probe = socket->probe;
	socklen_t len = sizeof(int);
	int error = 0;

	if (socket->fd < 0)
		return PROBE_WAITING;
	if (probe_was_answered(socket->fd)) {
		probe->rtt_us = clock_monotonic_us() - probe->started_at_us;
		probe->preferred = socket->target;
		probe_stop(probe);
		return PROBE_ANSWERED;
	}
	if (getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0)
		return PROBE_WAITING;
	fd_clear(&socket->fd);
	probe->failed++;
	return probe_left(probe);
}

void probe_expire(struct probe *probe)
{
	for (size_t i = 0; i < PROBE_TARGETS_MAX; i++) {
		if (probe->sockets[i].fd >= 0)
			probe->failed++;
	}
	probe_stop(probe);
}
