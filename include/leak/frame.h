/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A captured packet, taken apart as far as a leak test needs it. Pure; the bytes are a stranger's.
 */
#ifndef LEAK_FRAME_H
#define LEAK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

enum frame_link {
	FRAME_ETHERNET,
	FRAME_IP, /* the IP packet comes first: a tun device */
};

enum {
	FRAME_TEXT_SIZE = 200,
	TAG_SIZE = 16,
	TAG_LABEL_SIZE = 2 * TAG_SIZE + 1, /* in hexadecimal, with the NUL */
};

struct frame {
	uint16_t ethertype;
	sa_family_t family; /* AF_UNSPEC: no IP packet, and nothing below counts */
	uint8_t protocol;   /* behind IPv6's extension headers */
	uint8_t ttl;
	uint8_t tcp_flags;
	bool later_fragment; /* not the first: it has no ports */
	bool quotes;         /* an ICMP error, which carries somebody else's packet */
	bool neighbours;     /* ARP, neighbour discovery, group membership: the wire's own */
	struct address source, destination; /* with the ports of TCP and UDP */
	const uint8_t *target_mac;          /* Ethernet only, else NULL */
	const uint8_t *payload;             /* behind the last header known; borrowed */
	size_t payload_len;
};

/* False: too short or malformed, and *frame is not to be used. What no IP packet is, is a frame. */
MUST_CHECK bool frame_parse(enum frame_link link, const uint8_t *bytes, size_t len,
			    struct frame *frame);

/* The tag as it is, or as a name's label (in either case), anywhere behind the headers. */
bool frame_has_tag(const struct frame *frame, const uint8_t tag[TAG_SIZE]);

/* The tag as a label. Returns label. */
const char *tag_label(const uint8_t tag[TAG_SIZE], char label[TAG_LABEL_SIZE]);

/* "udp 192.168.44.2:4000 > 9.9.9.9:53, 60 bytes". Returns text. */
const char *frame_format(const struct frame *frame, size_t len, char text[FRAME_TEXT_SIZE]);

#endif
