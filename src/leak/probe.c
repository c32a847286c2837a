/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending probes, each as a program would that knows nothing of tunnels. */
#include "leak/probe.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

void leak_probe_init(struct leak_probe *probe, enum probe_kind kind, const struct address *to,
		     const char *name)
{
	*probe = (struct leak_probe){.kind = kind, .to = *to, .carries = PROBE_UDP};
	snprintf(probe->name, sizeof(probe->name), "%s", name);
	if (getrandom(probe->tag, TAG_SIZE, 0) != TAG_SIZE)
		memset(probe->tag, 0, TAG_SIZE);
	/* Of a TCP packet in a frame, which no kernel gives a port. */
	probe->source_port = (uint16_t)(32768 + (probe->tag[0] << 7) + probe->tag[1] / 2);
}

const char *leak_probe_kind_name(enum probe_kind kind)
{
	static const char *const names[PROBE_KINDS] = {
		[PROBE_TCP] = "TCP",    [PROBE_UDP] = "UDP",           [PROBE_DNS] = "DNS",
		[PROBE_QUIC] = "QUIC",  [PROBE_STUN] = "STUN",         [PROBE_ICMP] = "ICMP",
		[PROBE_RAW] = "raw IP", [PROBE_FRAGMENT] = "fragment", [PROBE_FRAME] = "raw frame",
	};

	return names[kind];
}

/* --- knowing it again --- */

bool leak_probe_is_in(const struct leak_probe *probe, const struct frame *frame)
{
	enum probe_kind kind = probe->kind == PROBE_FRAME ? probe->carries : probe->kind;

	/* An answer bears the tag too. */
	if (frame->quotes || address_equals_endpoint(&frame->source, &probe->to))
		return false;
	if (kind != PROBE_TCP)
		return frame_has_tag(frame, probe->tag);
	if (frame->protocol != IPPROTO_TCP || frame->source.port != probe->source_port)
		return false;
	/* NAT may have given it another destination; nobody else has its port. */
	return address_equals_endpoint(&frame->destination, &probe->to) ||
	       (probe->kind == PROBE_TCP && (frame->tcp_flags & 0x12) == 0x02);
}

bool leak_probe_is_answered_by(const struct leak_probe *probe, const struct frame *frame)
{
	if (frame->quotes || !address_equals_endpoint(&frame->source, &probe->to))
		return false;
	if (probe->kind == PROBE_TCP) /* SYN and ACK */
		return frame->protocol == IPPROTO_TCP && (frame->tcp_flags & 0x12) == 0x12 &&
		       frame->destination.port == probe->source_port;
	if (!frame_has_tag(frame, probe->tag))
		return false;
	/* NOERROR and NXDOMAIN are the words of one who has asked; a failure or a refusal is not.
	 */
	return probe->kind != PROBE_DNS ||
	       (frame->payload_len > 3 && (frame->payload[2] & 0x80) != 0 &&
		((frame->payload[3] & 15) == 0 || (frame->payload[3] & 15) == 3));
}

/* --- sending --- */

static int socket_open(struct leak_probe *probe, int type, int protocol)
{
	int one = 1;
	bool six = probe->to.family == AF_INET6;
	int fd = socket(probe->to.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_UNICAST_HOPS : IP_TTL, &one,
		       sizeof(one)) < 0)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}

/* To the device or the source; TCP always takes its port now, so that it is known whatever comes,
 * and before the device: the kernel would share a port between devices. */
static int socket_bind(struct leak_probe *probe, int fd)
{
	struct sockaddr_storage storage;
	struct address local = {.family = probe->to.family};
	socklen_t len;

	if (probe->way == WAY_SOURCE)
		local = probe->source;
	local.port = 0;
	len = address_to_sockaddr(&local, &storage);
	if (probe->way == WAY_SOURCE || probe->kind == PROBE_TCP) {
		if (bind(fd, (struct sockaddr *)&storage, len) < 0 ||
		    getsockname(fd, (struct sockaddr *)&storage, &len) < 0)
			return -1;
		probe->source_port = address_from_sockaddr((struct sockaddr *)&storage, len).port;
	}
	if (probe->way != WAY_DEVICE)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, probe->device,
			  (socklen_t)strlen(probe->device));
}

static int socket_give(struct leak_probe *probe, int fd, const uint8_t *bytes, size_t len)
{
	struct sockaddr_storage storage;
	struct address to = probe->to;
	socklen_t size;

	if (probe->kind >= PROBE_ICMP)
		to.port = 0; /* a raw IPv6 socket takes a port for a protocol */
	size = address_to_sockaddr(&to, &storage);
	if (probe->kind == PROBE_TCP) {
		if (connect(fd, (struct sockaddr *)&storage, size) < 0 && errno != EINPROGRESS)
			return -1;
		return 0;
	}
	return sendto(fd, bytes, len, 0, (struct sockaddr *)&storage, size) < 0 ? -1 : 0;
}

static int open_echo(struct leak_probe *probe)
{
	int protocol = probe->to.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int fd = socket_open(probe, SOCK_DGRAM, protocol);

	return fd >= 0 ? fd : socket_open(probe, SOCK_RAW, protocol);
}

static int send_ip(struct leak_probe *probe)
{
	uint8_t bytes[PACKET_SIZE];
	size_t len = 0;
	int fd;

	if (probe->kind == PROBE_TCP) {
		fd = socket_open(probe, SOCK_STREAM, 0);
	} else if (probe->kind == PROBE_ICMP) {
		len = packet_echo(probe->to.family, probe->tag, bytes);
		fd = open_echo(probe);
	} else if (probe->kind == PROBE_RAW) {
		len = packet_payload(PROBE_RAW, probe->tag, bytes);
		fd = socket_open(probe, SOCK_RAW, probe->protocol);
	} else if (probe->kind == PROBE_FRAGMENT) {
		len = packet_fragment(probe, bytes);
		fd = socket_open(probe, SOCK_RAW, IPPROTO_RAW);
	} else {
		len = packet_payload(probe->kind, probe->tag, bytes);
		fd = socket_open(probe, SOCK_DGRAM, 0);
	}
	if (fd < 0)
		return -1;
	if (socket_bind(probe, fd) < 0 || socket_give(probe, fd, bytes, len) < 0)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}

static int send_frame(struct leak_probe *probe)
{
	uint8_t bytes[PACKET_SIZE];
	struct ifreq request = {0};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = MAC_LEN};
	size_t len;
	/* Protocol 0: nothing is received. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	memcpy(request.ifr_name, probe->device, sizeof(request.ifr_name));
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		goto fail;
	len = packet_frame(probe, (const uint8_t *)request.ifr_hwaddr.sa_data, bytes);
	if (ioctl(fd, SIOCGIFINDEX, &request) < 0)
		goto fail;
	to.sll_ifindex = request.ifr_ifindex;
	to.sll_protocol = htons(probe->to.family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	memcpy(to.sll_addr, probe->target, MAC_LEN);
	if (sendto(fd, bytes, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}

int leak_probe_send(struct leak_probe *probe)
{
	int fd = probe->kind == PROBE_FRAME ? send_frame(probe) : send_ip(probe);

	probe->error = fd < 0 ? errno : 0;
	return fd;
}
