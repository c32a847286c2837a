/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes: every kind is known again on the wire, and nothing else is taken for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "leak/probe.h"

static const struct address target4 = {.family = AF_INET, .port = 53, .bytes = {9, 9, 9, 9}};
static const struct address target6 = {
	.family = AF_INET6, .port = 53, .bytes = {0x26, 0x20, 0, 0xfe, [15] = 0xfe}};

/* A frame that carries a packet of this kind. */
static size_t frame_make(struct leak_probe *probe, enum probe_kind carries,
			 const struct address *to, uint8_t bytes[PACKET_SIZE], struct frame *frame)
{
	static const uint8_t mac[MAC_LEN] = {2, 0, 0, 0, 0, 1};
	size_t len;

	leak_probe_init(probe, PROBE_FRAME, to, "a frame");
	probe->carries = carries;
	probe->source = (struct address){.family = to->family, .bytes = {192, 168, 44, 2}};
	len = packet_frame(probe, mac, bytes);
	assert_true(len <= PACKET_SIZE);
	assert_true(frame_parse(FRAME_ETHERNET, bytes, len, frame));
	return len;
}

static void every_kind_is_known_again_and_no_other_is_taken_for_it(void **state)
{
	uint8_t bytes[PACKET_SIZE], other_bytes[PACKET_SIZE];

	(void)state;
	for (enum probe_kind kind = PROBE_TCP; kind < PROBE_FRAME; kind++) {
		for (int six = 0; six < 2; six++) {
			struct leak_probe probe, other;
			struct frame frame, other_frame;
			const struct address *to = six ? &target6 : &target4;

			if (six && kind == PROBE_FRAGMENT)
				continue;
			frame_make(&probe, kind, to, bytes, &frame);
			frame_make(&other, kind, to, other_bytes, &other_frame);
			assert_int_equal(frame.ttl, 1);
			assert_true(leak_probe_is_in(&probe, &frame));
			if (probe.source_port != other.source_port)
				assert_false(leak_probe_is_in(&probe, &other_frame));
		}
	}
}

static void a_frame_cut_short_is_not_taken_for_it(void **state)
{
	uint8_t bytes[PACKET_SIZE];
	struct leak_probe probe;
	struct frame frame;
	size_t len = frame_make(&probe, PROBE_UDP, &target4, bytes, &frame);

	(void)state;
	assert_true(frame_parse(FRAME_ETHERNET, bytes, len - 1, &frame));
	assert_false(leak_probe_is_in(&probe, &frame));
}

/* A SYN of it, as it looks when somebody else has its destination, and from a port beside its own.
 */
static void a_tcp_probe_is_known_when_nat_changed_its_destination(void **state)
{
	uint8_t bytes[PACKET_SIZE];
	struct leak_probe probe, sent;
	struct frame frame;

	(void)state;
	leak_probe_init(&probe, PROBE_TCP, &target4, "a connection");
	frame_make(&sent, PROBE_TCP, &target4, bytes, &frame);
	probe.source_port = sent.source_port;
	assert_true(leak_probe_is_in(&probe, &frame));
	frame.destination =
		(struct address){.family = AF_INET, .port = 5300, .bytes = {192, 168, 44, 1}};
	assert_true(leak_probe_is_in(&probe, &frame));
	frame.tcp_flags = 0x12; /* an answer, of somebody who happens to have that port */
	assert_false(leak_probe_is_in(&probe, &frame));
	frame.tcp_flags = 2;
	frame.source.port++;
	assert_false(leak_probe_is_in(&probe, &frame));
}

/* A resolver's answer to a question of ours, with this answer code. */
static bool answer_counts(uint8_t code)
{
	uint8_t bytes[PACKET_SIZE], answer[PACKET_SIZE];
	struct leak_probe probe, back;
	struct frame frame;
	size_t len;

	leak_probe_init(&probe, PROBE_DNS, &target4, "a question");
	len = frame_make(&back, PROBE_DNS, &target4, bytes, &frame);
	memcpy(back.tag, probe.tag, TAG_SIZE);
	back.to = (struct address){.family = AF_INET, .bytes = {192, 168, 44, 2}};
	back.source = target4;
	len = packet_frame(&back, probe.tag, answer);
	/* Behind Ethernet and IP: from port 53, an answer with that code. */
	answer[14 + 20 + 0] = 0;
	answer[14 + 20 + 1] = 53;
	answer[14 + 20 + 8 + 2] |= 0x80;
	answer[14 + 20 + 8 + 3] = code;
	assert_true(frame_parse(FRAME_ETHERNET, answer, len, &frame));
	assert_false(leak_probe_is_in(&probe, &frame));
	return leak_probe_is_answered_by(&probe, &frame);
}

static void a_resolver_that_asked_is_told_from_one_that_refused(void **state)
{
	(void)state;
	assert_true(answer_counts(0));
	assert_true(answer_counts(3));  /* NXDOMAIN: somebody was asked */
	assert_false(answer_counts(2)); /* SERVFAIL */
	assert_false(answer_counts(5)); /* REFUSED */
}

static void tags_are_never_the_same(void **state)
{
	struct leak_probe one, other;

	(void)state;
	leak_probe_init(&one, PROBE_UDP, &target4, "one");
	leak_probe_init(&other, PROBE_UDP, &target4, "other");
	assert_memory_not_equal(one.tag, other.tag, TAG_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_known_again_and_no_other_is_taken_for_it),
		cmocka_unit_test(a_frame_cut_short_is_not_taken_for_it),
		cmocka_unit_test(a_tcp_probe_is_known_when_nat_changed_its_destination),
		cmocka_unit_test(a_resolver_that_asked_is_told_from_one_that_refused),
		cmocka_unit_test(tags_are_never_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
