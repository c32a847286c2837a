/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens listening sockets and accepts from them. */
#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "net/stream.h"

enum {
	LISTEN_DEFER_S = 1,
};

static int listen_configure(int fd, sa_family_t family)
{
	int one = 1;
	int zero = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0)
		return -1;
	stream_set_nodelay(fd);
	/* Said aloud, so that net.ipv6.bindv6only does not decide whom [::] serves. */
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) < 0)
		return -1;
	return 0;
}

int listen_open(const struct address *address, int backlog)
{
	struct sockaddr_storage sockaddr;
	socklen_t len = address_to_sockaddr(address, &sockaddr);
	int fd = socket(address->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (listen_configure(fd, address->family) < 0)
		goto fail;
	if (bind(fd, (struct sockaddr *)&sockaddr, len) < 0)
		goto fail;
	if (listen(fd, backlog) < 0)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}

void listen_defer_accept(int fd, bool defer)
{
	int seconds = defer ? LISTEN_DEFER_S : 0;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
}

int listen_accept(int fd, struct address *peer)
{
	for (;;) {
		struct sockaddr_storage sockaddr = {0};
		socklen_t len = sizeof(sockaddr);
		int accepted = accept4(fd, (struct sockaddr *)&sockaddr, &len,
				       SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (accepted >= 0) {
			*peer = address_from_sockaddr((struct sockaddr *)&sockaddr, len);
			return accepted;
		}
		/* A client that left while it was queued says nothing about the next one. */
		if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO)
			return -1;
	}
}
