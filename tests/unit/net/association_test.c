/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What passes through a UDP association, and what does not. */
#include "association_lab.h"

static void datagrams_go_out_and_their_answers_come_back(void **state)
{
	struct fixture *fixture = *state;
	struct address exit;
	struct association_counters counters;

	for (int i = 0; i < 3; i++) {
		ask(fixture, "127.0.0.1", fixture->echo_address.port, "ping");
		exit = take(fixture, fixture->echo);
		assert_taken(fixture, "ping");
		send_to(fixture->echo, &exit, "pong!", 5);
		assert_reply(fixture, &fixture->echo_address, "pong!");
	}
	counters = counters_of(fixture);
	assert_int_equal(counters.datagrams_from_client, 3);
	assert_int_equal(counters.bytes_from_client, 12);
	assert_int_equal(counters.datagrams_to_client, 3);
	assert_int_equal(counters.bytes_to_client, 15);
	assert_int_equal(counters.dropped, 0);
	assert_int_equal(fixture->judged, 1);
}

static void empty_datagrams_pass_both_ways(void **state)
{
	struct fixture *fixture = *state;
	struct address exit;

	ask(fixture, "127.0.0.1", fixture->echo_address.port, "");
	exit = take(fixture, fixture->echo);
	assert_taken(fixture, "");
	send_to(fixture->echo, &exit, "", 0);
	assert_reply(fixture, &fixture->echo_address, "");
}

static void ipv6_peers_are_named_as_such(void **state)
{
	struct fixture *fixture = *state;
	struct address peer, exit;
	int fd = open_socket("::1", &peer);

	if (fd < 0)
		skip();
	fixture->ipv6 = true;
	ask(fixture, "::1", peer.port, "six");
	exit = take(fixture, fd);
	assert_taken(fixture, "six");
	send_to(fd, &exit, "sixth", 5);
	assert_reply(fixture, &peer, "sixth");
	close(fd);
}

static void a_family_the_egress_lacks_is_dropped(void **state)
{
	struct fixture *fixture = *state;

	ask(fixture, "::1", 53, "six");
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "four");
	take(fixture, fixture->echo);
	assert_taken(fixture, "four");
	assert_int_equal(counters_of(fixture).dropped, 1);
}

static void only_the_client_may_send_and_only_from_its_port(void **state)
{
	struct fixture *fixture = *state;
	struct address to = association_address(fixture->association);
	int stranger = open_socket("127.0.0.2", NULL);
	int second = open_socket("127.0.0.1", NULL);

	ask_from(fixture, stranger, "127.0.0.1", fixture->echo_address.port, "no", 2);
	/* Not well-formed: it must not fix the client's port. */
	send_to(second, &to, "rubbish", 7);
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "yes");
	ask_from(fixture, second, "127.0.0.1", fixture->echo_address.port, "late", 4);
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "again");
	take(fixture, fixture->echo);
	assert_taken(fixture, "yes");
	take(fixture, fixture->echo);
	assert_taken(fixture, "again");
	assert_int_equal(counters_of(fixture).dropped, 3);
	close(stranger);
	close(second);
}

static void a_port_told_beforehand_is_the_only_one(void **state)
{
	struct fixture *fixture = *state;
	struct association_settings settings = {.judge = judge, .arg = fixture};
	int told;

	association_free(fixture->association);
	assert_true(address_parse("127.0.0.1", 9, &settings.local));
	told = open_socket("127.0.0.1", &settings.client);
	fixture->association = association_new(fixture->base, &settings);
	assert_non_null(fixture->association);
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "first");
	ask_from(fixture, told, "127.0.0.1", fixture->echo_address.port, "told", 4);
	take(fixture, fixture->echo);
	assert_taken(fixture, "told");
	assert_int_equal(counters_of(fixture).dropped, 1);
	close(told);
}

static void fragments_and_malformed_headers_are_dropped(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{"", 0},
		{"\0\0\0", 3},
		{"\0\0\1\1\x7f\0\0\1\0\x35hi", 12},   /* FRAG 1 */
		{"\0\0\x80\1\x7f\0\0\1\0\x35hi", 12}, /* the last fragment */
		{"\0\1\0\1\x7f\0\0\1\0\x35hi", 12},
		{"\0\0\0\2\x7f\0\0\1\0\x35hi", 12},
		{"\0\0\0\3\5a\0b.c\0\x35", 12},   /* NUL in the name */
		{"\0\0\0\1\x7f\0\0\1\0\0hi", 12}, /* port 0 */
	};
	struct fixture *fixture = *state;
	struct address to = association_address(fixture->association);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		send_to(fixture->client, &to, cases[i].bytes, cases[i].len);
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "whole");
	take(fixture, fixture->echo);
	assert_taken(fixture, "whole");
	assert_int_equal(counters_of(fixture).dropped, ARRAY_LEN(cases));
	assert_int_equal(fixture->judged, 1);
}

static void only_peers_written_to_may_answer(void **state)
{
	struct fixture *fixture = *state;
	int stranger = open_socket("127.0.0.2", NULL);
	struct address exit;

	ask(fixture, "127.0.0.1", fixture->echo_address.port, "ping");
	exit = take(fixture, fixture->echo);
	send_to(fixture->other, &exit, "same IP, other port", 19);
	send_to(stranger, &exit, "another IP", 10);
	send_to(fixture->echo, &exit, "pong", 4);
	assert_reply(fixture, &fixture->echo_address, "pong");
	assert_int_equal(counters_of(fixture).dropped, 2);
	ask(fixture, "127.0.0.1", fixture->other_address.port, "ping");
	take(fixture, fixture->other);
	send_to(fixture->other, &exit, "now I may", 9);
	assert_reply(fixture, &fixture->other_address, "now I may");
	close(stranger);
}

static void a_denied_destination_is_silent_and_the_others_go_on(void **state)
{
	struct fixture *fixture = *state;

	fixture->denied_port = fixture->other_address.port;
	for (int i = 0; i < 5; i++)
		ask(fixture, "127.0.0.1", fixture->other_address.port, "no");
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "yes");
	take(fixture, fixture->echo);
	assert_taken(fixture, "yes");
	assert_int_equal(recv(fixture->other, fixture->bytes, 1, 0), -1);
	assert_int_equal(counters_of(fixture).dropped, 5);
	assert_int_equal(fixture->judged, 2);
}

static void datagrams_are_whole_up_to_the_largest(void **state)
{
	static const size_t lengths[] = {1400, 9000, 65000, BIG - 10};
	static char payload[BIG];
	struct fixture *fixture = *state;
	struct address exit;

	memset(payload, 'x', sizeof(payload) - 1);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		payload[lengths[i] - 1] = 'z';
		ask_from(fixture, fixture->client, "127.0.0.1", fixture->echo_address.port, payload,
			 lengths[i]);
		exit = take(fixture, fixture->echo);
		assert_int_equal(fixture->len, lengths[i]);
		assert_memory_equal(fixture->bytes, payload, lengths[i]);
		send_to(fixture->echo, &exit, payload, lengths[i]);
		take(fixture, fixture->client);
		assert_int_equal(fixture->len, lengths[i] + 10);
		assert_memory_equal(fixture->bytes + 10, payload, lengths[i]);
		payload[lengths[i] - 1] = 'x';
	}
	/* With the header it is more than IPv4 can carry. */
	payload[BIG - 1] = 'x';
	send_to(fixture->echo, &exit, payload, BIG);
	send_to(fixture->echo, &exit, "next", 4);
	assert_reply(fixture, &fixture->echo_address, "next");
	assert_int_equal(counters_of(fixture).dropped, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASSOCIATION_TEST(datagrams_go_out_and_their_answers_come_back),
		ASSOCIATION_TEST(empty_datagrams_pass_both_ways),
		ASSOCIATION_TEST(ipv6_peers_are_named_as_such),
		ASSOCIATION_TEST(a_family_the_egress_lacks_is_dropped),
		ASSOCIATION_TEST(only_the_client_may_send_and_only_from_its_port),
		ASSOCIATION_TEST(a_port_told_beforehand_is_the_only_one),
		ASSOCIATION_TEST(fragments_and_malformed_headers_are_dropped),
		ASSOCIATION_TEST(only_peers_written_to_may_answer),
		ASSOCIATION_TEST(a_denied_destination_is_silent_and_the_others_go_on),
		ASSOCIATION_TEST(datagrams_are_whole_up_to_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
