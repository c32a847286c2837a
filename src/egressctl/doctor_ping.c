/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel counts the checksum, and gives us the answers to our own requests only. */
#include "doctor_ping.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

static int ping_open(const struct ping *ping)
{
	int mode = IP_PMTUDISC_DO, fd;
	struct sockaddr_storage to;
	socklen_t len = address_to_sockaddr(&ping->to, &to);

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ping->device,
		       (socklen_t)strlen(ping->device)) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &mode, sizeof(mode)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, len) < 0)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}

static enum ping_outcome ping_judge(int error)
{
	switch (error) {
	case EMSGSIZE:
		return PING_TOO_BIG;
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return PING_REFUSED;
	default:
		return PING_IMPOSSIBLE;
	}
}

static int ping_exchange(const struct ping *ping, int fd, uint8_t *bytes, size_t len)
{
	struct pollfd answer = {.fd = fd, .events = POLLIN};

	if (send(fd, bytes, len, 0) < 0)
		return -1;
	if (poll(&answer, 1, ping->wait_ms) != 1)
		return 0;
	return recv(fd, bytes, len, MSG_DONTWAIT) < 0 ? -1 : 1;
}

void ping_run(struct ping *ping)
{
	uint8_t bytes[PING_SIZE_MAX] = {ICMP_ECHO};
	size_t len = PING_SIZE_MIN;
	int fd = ping_open(ping);
	int answered = -1;

	if (ping->size > len)
		len = ping->size < sizeof(bytes) ? ping->size : sizeof(bytes);
	/* Of the packet, the kernel makes the head of IPv4. */
	len -= PING_SIZE_MIN - sizeof(struct icmphdr);
	if (fd >= 0)
		answered = ping_exchange(ping, fd, bytes, len);
	ping->error = answered < 0 ? errno : 0;
	ping->outcome = answered < 0    ? ping_judge(errno)
			: answered == 0 ? PING_SILENT
					: PING_ANSWERED;
	fd_close(fd);
}
