/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sockets of an association towards the world: one for each device and family. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "association_private.h"
#include "base/clock.h"
#include "base/fd.h"
#include "device.h"

/* Anybody on the Internet may send here: only who was written to may answer. */
static void exit_take(struct association_exit *exit, const struct address *from,
		      const uint8_t *payload, size_t len)
{
	struct association *association = exit->association;
	struct destination *destination = table_find_peer(association, exit, from);

	if (destination == NULL) {
		association->counters.dropped++;
		return;
	}
	table_touch(destination, clock_monotonic_ms());
	association_reply(association, from, payload, len);
}

static void exit_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct association_exit *exit = arg;
	uint8_t bytes[DATAGRAM_MAX];

	(void)what;
	for (int i = 0; i < ASSOCIATION_BATCH; i++) {
		struct address from;
		ssize_t len = association_receive(fd, bytes, &from);

		if (len >= 0)
			exit_take(exit, &from, bytes, (size_t)len);
		else if (errno == EMSGSIZE)
			exit->association->counters.dropped++;
		else if (errno == EAGAIN)
			return;
	}
}

static int exit_open(struct association_exit *exit, const char *device)
{
	int one = 1;

	exit->fd = socket(exit->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (exit->fd < 0)
		return -1;
	if (device_bind(exit->fd, device) < 0)
		return -1;
	if (exit->family == AF_INET6 &&
	    setsockopt(exit->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return -1;
	if (event_assign(&exit->event, exit->association->base, exit->fd, EV_READ | EV_PERSIST,
			 exit_on_readable, exit) < 0 ||
	    event_add(&exit->event, NULL) < 0) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

static struct association_exit *exit_new(struct association *association, const char *device,
					 sa_family_t family)
{
	struct association_exit *exit;

	if (device != NULL && (device[0] == '\0' || strlen(device) >= IF_NAMESIZE)) {
		errno = ENODEV;
		return NULL;
	}
	exit = calloc(1, sizeof(*exit));
	if (exit == NULL)
		return NULL;
	exit->association = association;
	exit->family = family;
	exit->fd = -1;
	if (device != NULL)
		memcpy(exit->device, device, strlen(device));
	if (exit_open(exit, device) < 0) {
		exit_free(exit);
		return NULL;
	}
	exit->next = association->exits;
	association->exits = exit;
	return exit;
}

struct association_exit *exit_get(struct association *association, const char *device,
				  sa_family_t family)
{
	unsigned count = 0;

	for (struct association_exit *each = association->exits; each != NULL; each = each->next) {
		if (each->family == family && exit_is_on(each, device))
			return each;
		count++;
	}
	if (count >= ASSOCIATION_EXITS_MAX) {
		errno = EMFILE;
		return NULL;
	}
	return exit_new(association, device, family);
}

bool exit_is_on(const struct association_exit *exit, const char *device)
{
	return strcmp(exit->device, device == NULL ? "" : device) == 0;
}

void exit_send(struct association_exit *exit, const struct address *peer, const uint8_t *payload,
	       size_t len)
{
	struct association *association = exit->association;
	struct sockaddr_storage to;
	socklen_t to_len = address_to_sockaddr(peer, &to);

	if (sendto(exit->fd, payload, len, MSG_NOSIGNAL, (struct sockaddr *)&to, to_len) < 0) {
		association->counters.dropped++;
		return;
	}
	association->counters.datagrams_from_client++;
	association->counters.bytes_from_client += len;
	association->active_at_ms = clock_monotonic_ms();
}

void exit_free(struct association_exit *exit)
{
	int saved = errno;

	if (event_initialized(&exit->event))
		event_del(&exit->event);
	fd_close(exit->fd);
	free(exit);
	errno = saved;
}
