/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking captured packets apart. Every length is the wire's word and checked against what is there.
 */
#include "leak/frame.h"

#include <ctype.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
	MAC_SIZE = 6,
	VLAN_SIZE = 4,
	VLANS_MAX = 2,
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	IPV6_HEADERS_MAX = 8,
	UDP_SIZE = 8,
	TCP_SIZE = 20,
	ICMP_SIZE = 8,
};

static uint16_t read16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void set_payload(struct frame *frame, const uint8_t *bytes, size_t len)
{
	frame->payload = bytes;
	frame->payload_len = len;
}

static bool icmp_is_error(const struct frame *frame, uint8_t type)
{
	if (frame->protocol == IPPROTO_ICMPV6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* Router and neighbour discovery, redirects, and listener reports. */
static bool icmp_is_neighbours(const struct frame *frame, uint8_t type)
{
	return frame->protocol == IPPROTO_ICMPV6 && ((type >= 130 && type <= 137) || type == 143);
}

/* What is behind the IP headers; what is cut off is no fault: a capture is short. */
static void transport_parse(struct frame *frame, const uint8_t *bytes, size_t len)
{
	size_t header = 0;

	set_payload(frame, bytes, len);
	if (frame->later_fragment)
		return;
	if ((frame->protocol == IPPROTO_TCP && len >= TCP_SIZE) ||
	    (frame->protocol == IPPROTO_UDP && len >= UDP_SIZE)) {
		frame->source.port = read16(bytes);
		frame->destination.port = read16(bytes + 2);
		header = UDP_SIZE;
	}
	if (frame->protocol == IPPROTO_TCP && len >= TCP_SIZE) {
		frame->tcp_flags = bytes[13];
		header = (size_t)(bytes[12] >> 4) * 4;
		if (header < TCP_SIZE || header > len)
			header = len;
	}
	if ((frame->protocol == IPPROTO_ICMP || frame->protocol == IPPROTO_ICMPV6) &&
	    len >= ICMP_SIZE) {
		frame->quotes = icmp_is_error(frame, bytes[0]);
		frame->neighbours = icmp_is_neighbours(frame, bytes[0]);
		header = ICMP_SIZE;
	}
	set_payload(frame, bytes + header, len - header);
}

static bool ipv4_parse(struct frame *frame, const uint8_t *bytes, size_t len)
{
	size_t header, total;

	if (len < IPV4_SIZE || bytes[0] >> 4 != 4)
		return false;
	header = (size_t)(bytes[0] & 15) * 4;
	total = read16(bytes + 2);
	if (header < IPV4_SIZE || header > len)
		return false;
	/* Behind the packet an Ethernet frame may be padded. 0: the device cuts it up itself. */
	if (total >= header && total < len)
		len = total;
	frame->family = AF_INET;
	frame->ttl = bytes[8];
	frame->protocol = bytes[9];
	frame->later_fragment = (read16(bytes + 6) & 0x1fff) != 0;
	frame->source = (struct address){.family = AF_INET};
	frame->destination = (struct address){.family = AF_INET};
	memcpy(frame->source.bytes, bytes + 12, 4);
	memcpy(frame->destination.bytes, bytes + 16, 4);
	frame->neighbours = frame->protocol == IPPROTO_IGMP;
	transport_parse(frame, bytes + header, len - header);
	return true;
}

/* Passes over one extension header. False: it is none, or cut off. */
static bool ipv6_skip(struct frame *frame, const uint8_t **bytes, size_t *len)
{
	size_t size;

	if (*len < 8)
		return false;
	switch (frame->protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		size = ((size_t)(*bytes)[1] + 1) * 8;
		break;
	case IPPROTO_FRAGMENT:
		size = 8;
		frame->later_fragment = (read16(*bytes + 2) & 0xfff8) != 0;
		break;
	default:
		return false;
	}
	if (size > *len)
		return false;
	frame->protocol = (*bytes)[0];
	*bytes += size;
	*len -= size;
	return true;
}

static bool ipv6_parse(struct frame *frame, const uint8_t *bytes, size_t len)
{
	size_t total;

	if (len < IPV6_SIZE || bytes[0] >> 4 != 6)
		return false;
	total = IPV6_SIZE + (size_t)read16(bytes + 4);
	if (total > IPV6_SIZE && total < len)
		len = total;
	frame->family = AF_INET6;
	frame->protocol = bytes[6];
	frame->ttl = bytes[7];
	frame->source = (struct address){.family = AF_INET6};
	frame->destination = (struct address){.family = AF_INET6};
	memcpy(frame->source.bytes, bytes + 8, 16);
	memcpy(frame->destination.bytes, bytes + 24, 16);
	bytes += IPV6_SIZE;
	len -= IPV6_SIZE;
	for (int i = 0; i < IPV6_HEADERS_MAX && ipv6_skip(frame, &bytes, &len); i++) {
		if (frame->later_fragment)
			break;
	}
	transport_parse(frame, bytes, len);
	return true;
}

static bool ip_parse(struct frame *frame, const uint8_t *bytes, size_t len)
{
	if (frame->ethertype == ETH_P_IP)
		return ipv4_parse(frame, bytes, len);
	if (frame->ethertype == ETH_P_IPV6)
		return ipv6_parse(frame, bytes, len);
	frame->neighbours = frame->ethertype == ETH_P_ARP;
	set_payload(frame, bytes, len);
	return true;
}

bool frame_parse(enum frame_link link, const uint8_t *bytes, size_t len, struct frame *frame)
{
	size_t at = 2 * MAC_SIZE;

	*frame = (struct frame){0};
	if (link == FRAME_IP) {
		if (len == 0)
			return false;
		frame->ethertype = bytes[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;
		return ip_parse(frame, bytes, len);
	}
	if (len < at + 2)
		return false;
	frame->target_mac = bytes;
	frame->ethertype = read16(bytes + at);
	for (int i = 0;
	     i < VLANS_MAX && (frame->ethertype == ETH_P_8021Q || frame->ethertype == ETH_P_8021AD);
	     i++) {
		at += VLAN_SIZE;
		if (len < at + 2)
			return false;
		frame->ethertype = read16(bytes + at);
	}
	return ip_parse(frame, bytes + at + 2, len - at - 2);
}

const char *tag_label(const uint8_t tag[TAG_SIZE], char label[TAG_LABEL_SIZE])
{
	for (size_t i = 0; i < TAG_SIZE; i++)
		snprintf(label + 2 * i, 3, "%02x", tag[i]);
	return label;
}

/* Resolvers may change the case of a name they ask for. */
static bool label_is_at(const uint8_t *bytes, const char *label)
{
	for (size_t i = 0; i + 1 < TAG_LABEL_SIZE; i++) {
		if (tolower(bytes[i]) != label[i])
			return false;
	}
	return true;
}

bool frame_has_tag(const struct frame *frame, const uint8_t tag[TAG_SIZE])
{
	char label[TAG_LABEL_SIZE];

	if (frame->payload_len < TAG_SIZE)
		return false;
	if (memmem(frame->payload, frame->payload_len, tag, TAG_SIZE) != NULL)
		return true;
	tag_label(tag, label);
	for (size_t at = 0; at + TAG_LABEL_SIZE - 1 <= frame->payload_len; at++) {
		if (label_is_at(frame->payload + at, label))
			return true;
	}
	return false;
}

static const char *protocol_name(const struct frame *frame, char number[16])
{
	switch (frame->protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		snprintf(number, 16, "ip protocol %u", frame->protocol);
		return number;
	}
}

const char *frame_format(const struct frame *frame, size_t len, char text[FRAME_TEXT_SIZE])
{
	char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE], number[16];
	struct text out;

	text_init(&out, text, FRAME_TEXT_SIZE);
	if (frame->family == AF_UNSPEC) {
		text_add_format(&out, "ethertype 0x%04x, %zu bytes", frame->ethertype, len);
		return text;
	}
	text_add_format(&out, "%s ", protocol_name(frame, number));
	if (frame->source.port != 0 || frame->destination.port != 0)
		text_add_format(&out, "%s > %s", address_format_endpoint(&frame->source, from),
				address_format_endpoint(&frame->destination, to));
	else
		text_add_format(&out, "%s > %s", address_format(&frame->source, from),
				address_format(&frame->destination, to));
	text_add_format(&out, ", %zu bytes", len);
	return text;
}
