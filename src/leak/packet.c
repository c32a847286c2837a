/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of probes. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "leak/probe.h"

enum {
	DNS_HEADER = 12,
	QUIC_INITIAL = 1200, /* the least that RFC 9000 14.1 allows */
	STUN_HEADER = 20,
	STUN_SOFTWARE = 0x8022,
	TEST_PROTOCOL = 253, /* RFC 3692: for experiments */
	PROBE_TTL = 1,
};

static size_t put16(uint8_t *out, unsigned value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return 2;
}

static uint16_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)bytes[i] << (i % 2 == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* A question for the address of TAG.example.com (RFC 1035 4.1). */
static size_t payload_dns(const uint8_t tag[TAG_SIZE], uint8_t *out)
{
	static const uint8_t rest[] = "\7example\3com\0\0\1\0\1";
	char label[TAG_LABEL_SIZE];
	size_t len = DNS_HEADER;

	memset(out, 0, DNS_HEADER);
	memcpy(out, tag, 2);
	out[2] = 1; /* recursion desired */
	out[5] = 1; /* one question */
	out[len++] = TAG_LABEL_SIZE - 1;
	memcpy(out + len, tag_label(tag, label), TAG_LABEL_SIZE - 1);
	len += TAG_LABEL_SIZE - 1;
	memcpy(out + len, rest, sizeof(rest) - 1);
	return len + sizeof(rest) - 1;
}

/* Version 1, the tag as the destination's connection id, and padding (RFC 9000 17.2.2). */
static size_t payload_quic(const uint8_t tag[TAG_SIZE], uint8_t *out)
{
	memset(out, 0, QUIC_INITIAL);
	out[0] = 0xc3;
	out[4] = 1;
	out[5] = TAG_SIZE;
	memcpy(out + 6, tag, TAG_SIZE);
	return QUIC_INITIAL;
}

/* A binding request whose software is called by the tag (RFC 8489 5, 14.14). */
static size_t payload_stun(const uint8_t tag[TAG_SIZE], uint8_t *out)
{
	static const uint8_t cookie[] = {0x21, 0x12, 0xa4, 0x42};
	size_t len = STUN_HEADER;

	memset(out, 0, STUN_HEADER);
	put16(out, 1);
	put16(out + 2, 4 + TAG_SIZE);
	memcpy(out + 4, cookie, sizeof(cookie));
	memcpy(out + 8, tag, 12);
	len += put16(out + len, STUN_SOFTWARE);
	len += put16(out + len, TAG_SIZE);
	memcpy(out + len, tag, TAG_SIZE);
	return len + TAG_SIZE;
}

size_t packet_payload(enum probe_kind kind, const uint8_t tag[TAG_SIZE], uint8_t out[PACKET_SIZE])
{
	switch (kind) {
	case PROBE_TCP:
		return 0;
	case PROBE_DNS:
		return payload_dns(tag, out);
	case PROBE_QUIC:
		return payload_quic(tag, out);
	case PROBE_STUN:
		return payload_stun(tag, out);
	default:
		memcpy(out, tag, TAG_SIZE);
		return TAG_SIZE;
	}
}

size_t packet_echo(sa_family_t family, const uint8_t tag[TAG_SIZE], uint8_t out[PACKET_SIZE])
{
	memset(out, 0, 8);
	out[0] = family == AF_INET ? 8 : 128;
	memcpy(out + 4, tag, 2);
	memcpy(out + 8, tag, TAG_SIZE);
	put16(out + 2, checksum(out, 8 + TAG_SIZE));
	return 8 + TAG_SIZE;
}

static uint8_t protocol_of(const struct leak_probe *probe, enum probe_kind kind)
{
	switch (kind) {
	case PROBE_TCP:
		return IPPROTO_TCP;
	case PROBE_ICMP:
		return probe->to.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	case PROBE_RAW:
	case PROBE_FRAGMENT:
		return probe->protocol != 0 ? probe->protocol : TEST_PROTOCOL;
	default:
		return IPPROTO_UDP;
	}
}

/* What is behind the IP header. */
static size_t transport(const struct leak_probe *probe, enum probe_kind kind, uint8_t *out)
{
	size_t len;

	switch (kind) {
	case PROBE_TCP:
		memset(out, 0, 20);
		put16(out, probe->source_port);
		put16(out + 2, probe->to.port);
		out[12] = 5 << 4;
		out[13] = 2; /* SYN */
		return 20;
	case PROBE_ICMP:
		return packet_echo(probe->to.family, probe->tag, out);
	case PROBE_RAW:
	case PROBE_FRAGMENT:
		return packet_payload(PROBE_UDP, probe->tag, out);
	default:
		len = 8 + packet_payload(kind, probe->tag, out + 8);
		put16(out, 40000);
		put16(out + 2, probe->to.port);
		put16(out + 4, (unsigned)len);
		put16(out + 6, 0);
		return len;
	}
}

static size_t packet_ipv4(const struct leak_probe *probe, enum probe_kind kind, uint8_t *out)
{
	size_t len = 20 + transport(probe, kind, out + 20);

	memset(out, 0, 20);
	out[0] = 0x45;
	put16(out + 2, (unsigned)len);
	if (kind == PROBE_FRAGMENT)
		put16(out + 6, 8);
	out[8] = PROBE_TTL;
	out[9] = protocol_of(probe, kind);
	memcpy(out + 12, probe->source.bytes, 4);
	memcpy(out + 16, probe->to.bytes, 4);
	put16(out + 10, checksum(out, 20));
	return len;
}

static size_t packet_ipv6(const struct leak_probe *probe, enum probe_kind kind, uint8_t *out)
{
	size_t len = transport(probe, kind, out + 40);

	memset(out, 0, 40);
	out[0] = 0x60;
	put16(out + 4, (unsigned)len);
	out[6] = protocol_of(probe, kind);
	out[7] = PROBE_TTL;
	memcpy(out + 8, probe->source.bytes, 16);
	memcpy(out + 24, probe->to.bytes, 16);
	return 40 + len;
}

size_t packet_fragment(const struct leak_probe *probe, uint8_t out[PACKET_SIZE])
{
	return packet_ipv4(probe, PROBE_FRAGMENT, out);
}

size_t packet_frame(const struct leak_probe *probe, const uint8_t mac[MAC_LEN],
		    uint8_t out[PACKET_SIZE])
{
	memcpy(out, probe->target, MAC_LEN);
	memcpy(out + MAC_LEN, mac, MAC_LEN);
	if (probe->to.family == AF_INET6) {
		put16(out + 12, ETH_P_IPV6);
		return 14 + packet_ipv6(probe, probe->carries, out + 14);
	}
	put16(out + 12, ETH_P_IP);
	return 14 + packet_ipv4(probe, probe->carries, out + 14);
}
