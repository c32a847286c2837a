/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captured packets: what is found in them, and that no length is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "leak/frame.h"

static const uint8_t tag[TAG_SIZE] = "0123456789abcdef";
#define LABEL "30313233343536373839616263646566"
#define MACS "\1\2\3\4\5\6\7\7\7\7\7\7"
#define UDP4(rest)                                                                                 \
	MACS "\x08\0"                                                                              \
	     "\x45\0\0\x34\0\0\0\0\1\x11\0\0"                                                      \
	     "\xc0\xa8\x2c\2"                                                                      \
	     "\x09\x09\x09\x09" rest
#define PORTS "\x0f\xa0\0\x35\0\x20\0\0"

struct example {
	const char *says;
	enum frame_link link;
	const char *bytes;
	size_t len;
	const char *text; /* NULL: malformed */
	bool tagged;
};

#define BYTES(text) text, sizeof(text) - 1

static const struct example examples[] = {
	{"a datagram with the tag", FRAME_ETHERNET, BYTES(UDP4(PORTS "0123456789abcdef")),
	 "udp 192.168.44.2:4000 > 9.9.9.9:53, 58 bytes", true},
	{"padding behind the packet is none of it", FRAME_ETHERNET,
	 BYTES(MACS "\x08\0"
		    "\x45\0\0\x1c\0\0\0\0\1\x11\0\0"
		    "\xc0\xa8\x2c\2"
		    "\x09\x09\x09\x09" PORTS "0123456789abcdef"),
	 "udp 192.168.44.2:4000 > 9.9.9.9:53, 58 bytes", false},
	{"a name's label in any case", FRAME_IP,
	 BYTES("\x45\0\0\x3c\0\0\0\0\1\x11\0\0"
	       "\xc0\xa8\x2c\2"
	       "\x09\x09\x09\x09" PORTS "303132333435363738396162636465"
	       "66"),
	 "udp 192.168.44.2:4000 > 9.9.9.9:53, 60 bytes", true},
	{"half a tag", FRAME_ETHERNET, BYTES(UDP4(PORTS "01234567")),
	 "udp 192.168.44.2:4000 > 9.9.9.9:53, 50 bytes", false},
	{"TCP, whose header says it is longer than the packet", FRAME_IP,
	 BYTES("\x45\0\0\x38\0\0\0\0\1\6\0\0"
	       "\xc0\xa8\x2c\2"
	       "\x09\x09\x09\x09"
	       "\x0f\xa0\0\x35\0\0\0\0\0\0\0\0\xf0\2\0\0\0\0\0\0"
	       "0123456789abcdef"),
	 "tcp 192.168.44.2:4000 > 9.9.9.9:53, 56 bytes", false},
	{"a later fragment has no ports", FRAME_IP,
	 BYTES("\x45\0\0\x24\0\0\0\5\1\x11\0\0"
	       "\xc0\xa8\x2c\2"
	       "\x09\x09\x09\x09"
	       "0123456789abcdef"),
	 "udp 192.168.44.2 > 9.9.9.9, 36 bytes", true},
	{"IPv6 behind a hop-by-hop header", FRAME_IP,
	 BYTES("\x60\0\0\0\0\x20\0\1"
	       "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	       "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
	       "\x11\0\0\0\0\0\0\0" PORTS "0123456789abcdef"),
	 "udp [2001:db8::1]:4000 > [2001:db8::2]:53, 72 bytes", true},
	{"a VLAN's tag before it", FRAME_ETHERNET,
	 BYTES(MACS "\x81\0\0\5\x08\0"
		    "\x45\0\0\x14\0\0\0\0\1\xfd\0\0"
		    "\xc0\xa8\x2c\2"
		    "\x09\x09\x09\x09"),
	 "ip protocol 253 192.168.44.2 > 9.9.9.9, 38 bytes", false},
	{"not IP at all", FRAME_ETHERNET,
	 BYTES(MACS "\x88\xb5"
		    "0123456789abcdef"),
	 "ethertype 0x88b5, 30 bytes", true},
	{"nothing", FRAME_IP, BYTES(""), NULL, false},
	{"half an Ethernet header", FRAME_ETHERNET, BYTES("\1\2\3\4\5\6\7"), NULL, false},
	{"half a VLAN's tag", FRAME_ETHERNET, BYTES(MACS "\x81\0\0"), NULL, false},
	{"an IPv4 header too short by its own word", FRAME_IP,
	 BYTES("\x41\0\0\x14\0\0\0\0\1\x11\0\0"
	       "\xc0\xa8\x2c\2"
	       "\x09\x09\x09\x09"),
	 NULL, false},
	{"an IPv4 header longer than the packet", FRAME_IP,
	 BYTES("\x4f\0\0\x14\0\0\0\0\1\x11\0\0"
	       "\xc0\xa8\x2c\2"
	       "\x09\x09\x09\x09"),
	 NULL, false},
	{"half of IPv6", FRAME_IP, BYTES("\x60\0\0\0\0\x20\x11\1\x20\1"), NULL, false},
};

/* In memory of exactly its size, so that a sanitizer sees every byte read past it. */
static void example_run(const struct example *example)
{
	char text[FRAME_TEXT_SIZE];
	uint8_t *bytes = malloc(example->len + 1);
	struct frame frame;
	bool parsed;

	assert_non_null(bytes);
	bytes = realloc(bytes, example->len > 0 ? example->len : 1);
	assert_non_null(bytes);
	memcpy(bytes, example->bytes, example->len);
	parsed = frame_parse(example->link, bytes, example->len, &frame);
	if (parsed != (example->text != NULL))
		fail_msg("%s", example->says);
	if (parsed) {
		assert_string_equal(frame_format(&frame, example->len, text), example->text);
		if (frame_has_tag(&frame, tag) != example->tagged)
			fail_msg("%s: the tag", example->says);
	}
	free(bytes);
}

static void packets_are_what_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		example_run(&examples[i]);
}

static void every_beginning_of_a_packet_is_taken_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		for (size_t len = 0; len <= examples[i].len; len++) {
			uint8_t *bytes = malloc(len > 0 ? len : 1);
			struct frame frame;

			assert_non_null(bytes);
			memcpy(bytes, examples[i].bytes, len);
			if (frame_parse(examples[i].link, bytes, len, &frame))
				assert_true(frame.payload_len <= len);
			free(bytes);
		}
	}
}

/* A refusal that comes back quotes the packet that was refused: that one has not left. */
static void an_icmp_error_quotes_and_neighbours_are_told(void **state)
{
	static const uint8_t error[] = "\x45\0\0\x2c\0\0\0\0\1\1\0\0\x7f\0\0\x0b\x7f\0\0\1"
				       "\3\3\0\0\0\0\0\0"
				       "0123456789abcdef";
	static const uint8_t echo[] = "\x45\0\0\x2c\0\0\0\0\1\1\0\0\x7f\0\0\x0b\x7f\0\0\1"
				      "\x08\0\0\0\0\0\0\0"
				      "0123456789abcdef";
	static const uint8_t arp[] = MACS "\x08\6"
					  "0000000000000000000000000000";
	struct frame frame;

	(void)state;
	assert_true(frame_parse(FRAME_IP, error, sizeof(error) - 1, &frame));
	assert_true(frame.quotes);
	assert_true(frame_parse(FRAME_IP, echo, sizeof(echo) - 1, &frame));
	assert_false(frame.quotes);
	assert_false(frame.neighbours);
	assert_true(frame_parse(FRAME_ETHERNET, arp, sizeof(arp) - 1, &frame));
	assert_true(frame.neighbours);
	assert_int_equal(frame.target_mac[5], 6);
}

static void a_tag_is_a_label(void **state)
{
	char label[TAG_LABEL_SIZE];

	(void)state;
	assert_string_equal(tag_label(tag, label), LABEL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_what_they_are),
		cmocka_unit_test(every_beginning_of_a_packet_is_taken_or_refused),
		cmocka_unit_test(an_icmp_error_quotes_and_neighbours_are_told),
		cmocka_unit_test(a_tag_is_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
