/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that try to get around the tunnel. Each bears a tag of its own, by which a capture knows
 * it again, and a TTL of 1: what leaks goes no further than the first router.
 */
#ifndef LEAK_PROBE_H
#define LEAK_PROBE_H

#include <net/if.h>

#include "leak/frame.h"

enum probe_kind {
	PROBE_TCP, /* a SYN: known by the port it comes from, since it carries nothing */
	PROBE_UDP,
	PROBE_DNS,  /* a question for a name with the tag as a label */
	PROBE_QUIC, /* an Initial packet's size and form */
	PROBE_STUN,
	PROBE_ICMP, /* an echo request */
	PROBE_RAW,  /* protocol, by a raw socket */
	PROBE_FRAGMENT,
	PROBE_FRAME, /* a whole Ethernet frame, past every rule of the IP layer */
	PROBE_KINDS,
};

enum probe_way {
	WAY_ROUTED,
	WAY_DEVICE, /* bound to device */
	WAY_SOURCE, /* from the address source */
};

enum {
	PROBE_NAME_SIZE = 64,
	MAC_LEN = 6,
	PACKET_SIZE = 1600,
};

struct leak_probe {
	enum probe_kind kind;
	enum probe_way way;
	char name[PROBE_NAME_SIZE];
	struct address to;
	struct address source;   /* WAY_SOURCE and PROBE_FRAME */
	char device[IFNAMSIZ];   /* WAY_DEVICE and PROBE_FRAME */
	uint8_t protocol;        /* PROBE_RAW */
	enum probe_kind carries; /* PROBE_FRAME */
	uint8_t target[MAC_LEN]; /* PROBE_FRAME */
	bool if_answered;        /* a leak only when an answer comes */
	uint8_t tag[TAG_SIZE];
	int error;            /* after sending: 0, or why the kernel did not take it */
	uint16_t source_port; /* after sending: TCP's */
};

/* With a fresh tag. */
void leak_probe_init(struct leak_probe *probe, enum probe_kind kind, const struct address *to,
		     const char *name);

/* Opens what is needed, and sends. Returns the socket, to be kept open for a while so that late
 * packets come too; -1: probe->error says why. */
MUST_CHECK int leak_probe_send(struct leak_probe *probe);

/* Is it this probe that was captured? An ICMP error about it is not. */
bool leak_probe_is_in(const struct leak_probe *probe, const struct frame *frame);

/* Is it an answer to it? */
bool leak_probe_is_answered_by(const struct leak_probe *probe, const struct frame *frame);

const char *leak_probe_kind_name(enum probe_kind kind);

/* What a datagram of this kind carries (TCP: nothing). Returns its length. */
size_t packet_payload(enum probe_kind kind, const uint8_t tag[TAG_SIZE], uint8_t out[PACKET_SIZE]);

/* The whole frame of a PROBE_FRAME that comes from this MAC. Returns its length. */
size_t packet_frame(const struct leak_probe *probe, const uint8_t mac[MAC_LEN],
		    uint8_t out[PACKET_SIZE]);

/* An ICMP echo request in this family with the tag; its checksum counts for IPv4 only. */
size_t packet_echo(sa_family_t family, const uint8_t tag[TAG_SIZE], uint8_t out[PACKET_SIZE]);

/* A later fragment of an IPv4 packet, header and all. */
size_t packet_fragment(const struct leak_probe *probe, uint8_t out[PACKET_SIZE]);

#endif
