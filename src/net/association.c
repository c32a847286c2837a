/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A UDP association: the client's side, and what the session asks of it. */
#include "net/association.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "association_private.h"
#include "base/clock.h"
#include "base/fd.h"
#include "proto/socks.h"

ssize_t association_receive(int fd, uint8_t bytes[DATAGRAM_MAX], struct address *from)
{
	struct sockaddr_storage sender;
	struct iovec vector = {.iov_base = bytes, .iov_len = DATAGRAM_MAX};
	struct msghdr header = {
		.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &vector,
		.msg_iovlen = 1,
	};
	ssize_t len = recvmsg(fd, &header, 0);

	if (len < 0)
		return -1;
	if ((header.msg_flags & MSG_TRUNC) != 0) {
		errno = EMSGSIZE;
		return -1;
	}
	*from = address_from_sockaddr((struct sockaddr *)&sender, header.msg_namelen);
	return len;
}

void association_reply(struct association *association, const struct address *from,
		       const uint8_t *payload, size_t len)
{
	uint8_t head[SOCKS_DATAGRAM_HEADER_MAX];
	struct iovec vectors[2] = {
		{.iov_base = head, .iov_len = socks5_write_datagram_header(head, from)},
		{.iov_base = (void *)(uintptr_t)payload, .iov_len = len},
	};
	struct sockaddr_storage to;
	struct msghdr header = {
		.msg_name = &to,
		.msg_namelen = address_to_sockaddr(&association->client, &to),
		.msg_iov = vectors,
		.msg_iovlen = 2,
	};

	if (sendmsg(association->fd, &header, MSG_NOSIGNAL) < 0) {
		association->counters.dropped++;
		return;
	}
	association->counters.datagrams_to_client++;
	association->counters.bytes_to_client += len;
	association->active_at_ms = clock_monotonic_ms();
}

static bool association_is_client(const struct association *association, const struct address *from)
{
	return address_equals(&association->client, from) &&
	       (association->client.port == 0 || association->client.port == from->port);
}

static struct destination *association_destination(struct association *association,
						   const struct host *host, uint16_t port)
{
	struct destination *destination = table_find(association, host, port);

	if (destination != NULL)
		return destination;
	destination = table_add(association, host, port);
	if (destination != NULL)
		destination_judge(destination);
	return destination;
}

/* Only a well-formed datagram fixes the client's port: a stray packet must not take it. */
static void association_take(struct association *association, const struct address *from,
			     const uint8_t *bytes, size_t len)
{
	struct destination *destination = NULL;
	struct host host;
	uint16_t port;
	size_t used;

	if (association_is_client(association, from) &&
	    socks5_parse_datagram(bytes, len, &host, &port, &used) == PARSE_DONE) {
		association->client = *from;
		destination = association_destination(association, &host, port);
	}
	if (destination == NULL)
		association->counters.dropped++;
	else
		destination_send(destination, bytes + used, len - used, clock_monotonic_ms());
}

static void association_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct association *association = arg;
	uint8_t bytes[DATAGRAM_MAX];

	(void)what;
	for (int i = 0; i < ASSOCIATION_BATCH; i++) {
		struct address from;
		ssize_t len = association_receive(fd, bytes, &from);

		if (len >= 0)
			association_take(association, &from, bytes, (size_t)len);
		else if (errno == EMSGSIZE)
			association->counters.dropped++;
		else if (errno == EAGAIN)
			return;
	}
}

static int association_open(struct association *association, const struct address *local)
{
	struct sockaddr_storage sockaddr;
	socklen_t len = address_to_sockaddr(local, &sockaddr);
	int one = 1;

	association->fd = socket(local->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (association->fd < 0)
		return -1;
	if (local->family == AF_INET6 &&
	    setsockopt(association->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return -1;
	if (bind(association->fd, (struct sockaddr *)&sockaddr, len) < 0)
		return -1;
	len = sizeof(sockaddr);
	if (getsockname(association->fd, (struct sockaddr *)&sockaddr, &len) < 0)
		return -1;
	association->bound = address_from_sockaddr((struct sockaddr *)&sockaddr, len);
	if (event_assign(&association->event, association->base, association->fd,
			 EV_READ | EV_PERSIST, association_on_readable, association) < 0 ||
	    event_add(&association->event, NULL) < 0) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

struct association *association_new(struct event_base *base,
				    const struct association_settings *settings)
{
	struct association *association = calloc(1, sizeof(*association));

	if (association == NULL)
		return NULL;
	association->base = base;
	association->judge = settings->judge;
	association->arg = settings->arg;
	association->client = settings->client;
	association->key = hash_key_random();
	association->active_at_ms = clock_monotonic_ms();
	if (association_open(association, &settings->local) < 0) {
		association_free(association);
		return NULL;
	}
	return association;
}

void association_free(struct association *association)
{
	struct association_exit *exit;
	int saved = errno;

	if (association == NULL)
		return;
	while (association->oldest != NULL)
		table_remove(association->oldest);
	while ((exit = association->exits) != NULL) {
		association->exits = exit->next;
		exit_free(exit);
	}
	if (event_initialized(&association->event))
		event_del(&association->event);
	fd_close(association->fd);
	free(association);
	errno = saved;
}

struct address association_address(const struct association *association)
{
	return association->bound;
}

void association_counters(const struct association *association,
			  struct association_counters *counters)
{
	*counters = association->counters;
}

int64_t association_active_at_ms(const struct association *association)
{
	return association->active_at_ms;
}

/* Of a device whose tunnel may go without anybody ending this for it. */
static void association_close_unused_exits(struct association *association)
{
	struct association_exit **link = &association->exits;
	struct association_exit *exit;

	while ((exit = *link) != NULL) {
		const struct destination *each = association->newest;

		while (each != NULL && each->exit != exit)
			each = each->older;
		if (each != NULL) {
			link = &exit->next;
			continue;
		}
		*link = exit->next;
		exit_free(exit);
	}
}

void association_forget_verdicts(struct association *association)
{
	struct destination *each = association->newest;

	while (each != NULL) {
		struct destination *older = each->older;

		destination_judge(each);
		each = older;
	}
	association_close_unused_exits(association);
}
