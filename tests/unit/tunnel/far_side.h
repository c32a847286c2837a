/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a private network namespace, a tun device in it whose far side is the test itself, and
 * the news of a monitor. */
#ifndef TESTS_UNIT_TUNNEL_FAR_SIDE_H
#define TESTS_UNIT_TUNNEL_FAR_SIDE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/tcp.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tunnel/tunnel.h"

enum answer {
	ANSWER_NOTHING,
	ANSWER_RESET,
	ANSWER_SYN_ACK,
	ANSWER_ICMP, /* port unreachable: to connect(2) it looks like a RST */
};

struct far_side {
	int tun; /* -1: no device */
	enum answer answer;
	struct in_addr mute; /* a target that never answers */
	unsigned syns;       /* seen since somebody set it to 0 */
	int news[2];         /* struct tunnel_status, as on_change got them */
	struct tunnel_monitor *monitor;
};

static inline void run(const char *format, ...)
{
	char command[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static inline bool far_side_map(const char *file, unsigned id)
{
	char line[32];
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	int len = snprintf(line, sizeof(line), "0 %u 1", id);
	bool written = fd >= 0 && write(fd, line, (size_t)len) == len;

	if (fd >= 0)
		close(fd);
	return written;
}

/* Without root: as root of a user namespace, so that ip(8) has its rights. */
static inline bool far_side_enter_namespace(void)
{
	unsigned user = geteuid();

	if (unshare(CLONE_NEWNET) < 0 && (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ||
					  !far_side_map("/proc/self/uid_map", user)))
		return false;
	return system("ip link set lo up") == 0;
}

static inline void far_side_on_change(void *arg, struct tunnel *tunnel,
				      const struct tunnel_status *status)
{
	struct far_side *far = arg;

	(void)tunnel;
	if (write(far->news[1], status, sizeof(*status)) != (ssize_t)sizeof(*status))
		abort();
}

/* Its device is made by far_side_open_device, or with ip(8) by the test. */
static inline void far_side_start(struct far_side *far)
{
	*far = (struct far_side){.tun = -1};
	assert_int_equal(pipe(far->news), 0);
	far->monitor = tunnel_monitor_new(far_side_on_change, far);
	assert_non_null(far->monitor);
	assert_int_equal(tunnel_monitor_start(far->monitor), 0);
}

static inline void far_side_stop(struct far_side *far)
{
	tunnel_monitor_free(far->monitor);
	if (far->tun >= 0)
		close(far->tun);
	close(far->news[0]);
	close(far->news[1]);
}

static inline void far_side_open_device(struct far_side *far)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "tun7"};

	far->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (far->tun < 0 || ioctl(far->tun, TUNSETIFF, &request) < 0) {
		print_message("no tun device can be made here: %s\n", strerror(errno));
		skip();
	}
	run("ip addr add 10.8.0.2/24 dev tun7 && ip link set tun7 up");
}

static inline uint16_t far_side_checksum(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *in = bytes;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)in[i] << 8 : in[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static inline void far_side_send(struct far_side *far, const struct iphdr *to, uint8_t protocol,
				 const void *body, size_t len)
{
	uint8_t packet[256];
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = protocol,
		.tot_len = htons((uint16_t)(sizeof(ip) + len)),
		.saddr = to->daddr,
		.daddr = to->saddr,
	};

	ip.check = far_side_checksum(0, &ip, sizeof(ip));
	memcpy(packet, &ip, sizeof(ip));
	memcpy(packet + sizeof(ip), body, len);
	if (write(far->tun, packet, sizeof(ip) + len) < 0)
		fail_msg("write to the tun device: %s", strerror(errno));
}

static inline void far_side_send_tcp(struct far_side *far, const struct iphdr *ip,
				     const struct tcphdr *syn)
{
	bool reset = far->answer == ANSWER_RESET;
	struct tcphdr tcp = {
		.source = syn->dest,
		.dest = syn->source,
		.seq = reset ? 0 : htonl(12345),
		.ack_seq = htonl(ntohl(syn->seq) + 1),
		.doff = 5,
		.ack = 1,
		.rst = reset,
		.syn = !reset,
		.window = htons(1024),
	};
	uint32_t pseudo = IPPROTO_TCP + sizeof(tcp);

	pseudo += (ntohl(ip->saddr) >> 16) + (ntohl(ip->saddr) & 0xffff);
	pseudo += (ntohl(ip->daddr) >> 16) + (ntohl(ip->daddr) & 0xffff);
	tcp.check = far_side_checksum(pseudo, &tcp, sizeof(tcp));
	far_side_send(far, ip, IPPROTO_TCP, &tcp, sizeof(tcp));
}

static inline void far_side_send_icmp(struct far_side *far, const struct iphdr *ip,
				      const struct tcphdr *syn)
{
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		uint8_t tcp[8];
	} body = {.icmp = {.type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH}, .ip = *ip};

	memcpy(body.tcp, syn, sizeof(body.tcp));
	body.icmp.checksum = far_side_checksum(0, &body, sizeof(body));
	far_side_send(far, ip, IPPROTO_ICMP, &body, sizeof(body));
}

static inline void far_side_take_packet(struct far_side *far)
{
	uint8_t packet[2048];
	ssize_t len = read(far->tun, packet, sizeof(packet));
	struct iphdr ip;
	struct tcphdr tcp;

	if (len < (ssize_t)(sizeof(ip) + sizeof(tcp)))
		return;
	memcpy(&ip, packet, sizeof(ip));
	if (ip.version != 4 || ip.protocol != IPPROTO_TCP)
		return;
	memcpy(&tcp, packet + ip.ihl * 4, sizeof(tcp));
	if (!tcp.syn)
		return;
	far->syns++;
	if (far->answer == ANSWER_NOTHING || ip.daddr == far->mute.s_addr)
		return;
	if (far->answer == ANSWER_ICMP)
		far_side_send_icmp(far, &ip, &tcp);
	else
		far_side_send_tcp(far, &ip, &tcp);
}

/* Serves the device until there is news (true) or the time is over. */
static inline bool far_side_serve(struct far_side *far, int64_t until_ms,
				  struct tunnel_status *status)
{
	for (;;) {
		struct pollfd wait[2] = {{far->news[0], POLLIN, 0}, {far->tun, POLLIN, 0}};
		int64_t left_ms = until_ms - clock_monotonic_ms();

		if (left_ms <= 0 || poll(wait, 2, (int)left_ms) < 0)
			return false;
		if ((wait[0].revents & POLLIN) != 0)
			return read(far->news[0], status, sizeof(*status)) ==
			       (ssize_t)sizeof(*status);
		if ((wait[1].revents & POLLIN) != 0)
			far_side_take_packet(far);
	}
}

/* The first news of that state; fails the test when none comes in time. */
static inline struct tunnel_status far_side_await(struct far_side *far, enum tunnel_state state,
						  int within_ms)
{
	int64_t until_ms = clock_monotonic_ms() + within_ms;
	struct tunnel_status status = {0};

	while (far_side_serve(far, until_ms, &status)) {
		if (status.state == state)
			return status;
	}
	fail_msg("never %s, last heard: %s, %s", tunnel_state_name(state),
		 tunnel_state_name(status.state), status.reason);
	return status;
}

static inline struct tunnel *far_side_watch(struct far_side *far, const char *targets[2],
					    int every_ms)
{
	struct tunnel_settings settings = {.device = "tun7", .probe_every_ms = every_ms};
	struct tunnel *tunnel;

	for (size_t i = 0; i < 2 && targets != NULL && targets[i] != NULL; i++) {
		assert_true(address_parse_endpoint(targets[i], strlen(targets[i]),
						   &settings.targets[i]));
		settings.target_count++;
	}
	tunnel = tunnel_watch(far->monitor, &settings);
	assert_non_null(tunnel);
	return tunnel;
}

#endif
