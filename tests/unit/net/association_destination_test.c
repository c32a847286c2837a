/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The destinations of a UDP association: verdicts, names, bounds and egresses. */
#include "association_lab.h"

static void the_guard_has_the_last_word(void **state)
{
	struct fixture *fixture = *state;

	guard_free(fixture->guard);
	fixture->guard = guard_new(&fixture->other_address, 1);
	ask(fixture, "127.0.0.1", fixture->other_address.port, "our own listener");
	ask(fixture, "224.0.0.1", 5353, "multicast");
	ask(fixture, "name.example.org", fixture->other_address.port, "by name");
	settle(fixture);
	lookup_answer(&fixture->resolver.lookups[0], LOOKUP_OK, "127.0.0.1");
	fixture->public_only = true;
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "private");
	settle(fixture);
	assert_int_equal(counters_of(fixture).dropped, 4);
	assert_int_equal(counters_of(fixture).datagrams_from_client, 0);
}

static void what_waits_for_a_name_goes_out_in_order_once_it_is_known(void **state)
{
	struct fixture *fixture = *state;
	struct address exit;

	ask(fixture, "name.example.org", fixture->echo_address.port, "one");
	ask(fixture, "NAME.example.ORG", fixture->echo_address.port, "two");
	settle(fixture);
	assert_int_equal(fixture->resolver.count, 1);
	assert_int_equal(fixture->resolver.lookups[0].family, AF_INET);
	lookup_answer(&fixture->resolver.lookups[0], LOOKUP_OK, "127.0.0.1");
	take(fixture, fixture->echo);
	assert_taken(fixture, "one");
	exit = take(fixture, fixture->echo);
	assert_taken(fixture, "two");
	send_to(fixture->echo, &exit, "answer", 6);
	assert_reply(fixture, &fixture->echo_address, "answer");
	ask(fixture, "name.example.org", fixture->echo_address.port, "three");
	take(fixture, fixture->echo);
	assert_int_equal(fixture->resolver.count, 1);
}

static void an_unknown_name_costs_only_its_own_datagrams(void **state)
{
	static const enum lookup_result results[] = {LOOKUP_NOT_FOUND, LOOKUP_FAILED,
						     LOOKUP_TIMEOUT};
	struct fixture *fixture = *state;

	fixture->ipv6 = true;
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		ask(fixture, "unknown.example.org", fixture->echo_address.port, "lost");
		ask(fixture, "127.0.0.1", fixture->echo_address.port, "kept");
		take(fixture, fixture->echo);
		assert_taken(fixture, "kept");
		assert_int_equal(fixture->resolver.count, 2 * i + 1);
		lookup_answer(&fixture->resolver.lookups[2 * i], results[i], NULL);
		assert_int_equal(fixture->resolver.lookups[2 * i + 1].family, AF_INET6);
		lookup_answer(&fixture->resolver.lookups[2 * i + 1], results[i], NULL);
		assert_int_equal(counters_of(fixture).dropped, i + 1);
	}
	ask(fixture, "unknown.example.org", fixture->echo_address.port, "found");
	settle(fixture);
	lookup_answer(&fixture->resolver.lookups[6], LOOKUP_OK, "127.0.0.1");
	take(fixture, fixture->echo);
	assert_taken(fixture, "found");
}

static void local_names_are_never_asked_of_a_resolver(void **state)
{
	struct fixture *fixture = *state;

	ask(fixture, "printer", 53, "x");
	ask(fixture, "nas.lan", 53, "x");
	settle(fixture);
	assert_int_equal(fixture->resolver.count, 0);
	assert_int_equal(counters_of(fixture).dropped, 2);
}

static void what_waits_is_bounded(void **state)
{
	static char payload[60000];
	struct fixture *fixture = *state;
	char name[32];

	for (int i = 0; i < 10; i++)
		ask(fixture, "slow.example.org", 53, "x");
	settle(fixture);
	assert_int_equal(counters_of(fixture).dropped, 6);
	for (int i = 0; i < 4; i++) {
		ask_from(fixture, fixture->client, "big.example.org", 53, payload, sizeof(payload));
		settle(fixture);
	}
	assert_int_equal(counters_of(fixture).dropped, 8);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "n%d.example.org", i);
		ask(fixture, name, 53, "");
	}
	settle(fixture);
	assert_in_range(fixture->resolver.count, 16, 40);
}

static void many_destinations_are_bounded_and_the_busy_ones_stay(void **state)
{
	struct fixture *fixture = *state;
	struct address exit;

	ask(fixture, "127.0.0.1", fixture->echo_address.port, "first");
	ask(fixture, "127.0.0.1", fixture->other_address.port, "first");
	take(fixture, fixture->other);
	exit = take(fixture, fixture->echo);
	fixture->denied_port = 7;
	for (int i = 0; i < 2000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%d.example.org", i);
		ask(fixture, name, 7, "x");
		ask(fixture, "127.0.0.1", fixture->echo_address.port, "busy");
		take(fixture, fixture->echo);
	}
	assert_int_equal(fixture->judged, 2002);
	send_to(fixture->other, &exit, "forgotten", 9);
	send_to(fixture->echo, &exit, "known", 5);
	assert_reply(fixture, &fixture->echo_address, "known");
	assert_int_equal(counters_of(fixture).dropped, 2001);
}

static void after_a_reload_everything_is_judged_anew(void **state)
{
	struct fixture *fixture = *state;
	struct address exit;

	fixture->denied_port = 7;
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "x");
	ask(fixture, "127.0.0.1", fixture->other_address.port, "x");
	ask(fixture, "waits.example.org", fixture->echo_address.port, "waited");
	ask(fixture, "denied.example.org", 7, "x");
	take(fixture, fixture->other);
	exit = take(fixture, fixture->echo);
	settle(fixture);
	assert_int_equal(fixture->judged, 4);

	fixture->denied_port = fixture->other_address.port;
	association_forget_verdicts(fixture->association);
	assert_int_equal(fixture->judged, 8);
	assert_true(fixture->resolver.lookups[0].done == NULL);
	lookup_answer(&fixture->resolver.lookups[1], LOOKUP_OK, "127.0.0.1");
	take(fixture, fixture->echo);
	assert_taken(fixture, "waited");

	send_to(fixture->other, &exit, "no longer", 9);
	ask(fixture, "127.0.0.1", fixture->other_address.port, "no longer");
	send_to(fixture->echo, &exit, "still", 5);
	assert_reply(fixture, &fixture->echo_address, "still");
	settle(fixture);
	assert_int_equal(counters_of(fixture).dropped, 3);
}

static void every_egress_has_its_own_socket(void **state)
{
	struct fixture *fixture = *state;
	struct address bare, bound, again;

	ask(fixture, "127.0.0.1", fixture->echo_address.port, "x");
	bare = take(fixture, fixture->echo);
	fixture->device = "lo";
	ask(fixture, "127.0.0.1", fixture->other_address.port, "x");
	bound = take(fixture, fixture->other);
	assert_int_not_equal(bare.port, bound.port);
	/* A peer of one egress is nobody on the other. */
	send_to(fixture->echo, &bound, "wrong door", 10);
	association_forget_verdicts(fixture->association);
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "x");
	again = take(fixture, fixture->echo);
	assert_int_equal(again.port, bound.port);
	assert_int_equal(counters_of(fixture).dropped, 1);
}

static void a_device_that_is_away_costs_datagrams_only(void **state)
{
	struct fixture *fixture = *state;

	fixture->device = "tun-away";
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "lost");
	settle(fixture);
	assert_int_equal(counters_of(fixture).dropped, 1);
	fixture->device = "";
	association_forget_verdicts(fixture->association);
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "an empty name is no device");
	settle(fixture);
	assert_int_equal(counters_of(fixture).dropped, 2);
	fixture->device = "lo";
	association_forget_verdicts(fixture->association);
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "back");
	take(fixture, fixture->echo);
	assert_taken(fixture, "back");
}

static void what_is_refused_for_now_is_asked_again(void **state)
{
	struct fixture *fixture = *state;

	fixture->is_away = true;
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "lost");
	ask(fixture, "name.example.org", fixture->other_address.port, "lost");
	settle(fixture);
	assert_int_equal(counters_of(fixture).dropped, 2);
	fixture->is_away = false;
	ask(fixture, "127.0.0.1", fixture->echo_address.port, "found");
	take(fixture, fixture->echo);
	assert_taken(fixture, "found");
	ask(fixture, "name.example.org", fixture->other_address.port, "by name");
	settle(fixture);
	lookup_answer(&fixture->resolver.lookups[0], LOOKUP_OK, "127.0.0.1");
	take(fixture, fixture->other);
	assert_taken(fixture, "by name");
}

static bool port_is_free(uint16_t port)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int bound;

	assert_true(fd >= 0);
	bound = bind(fd, (const struct sockaddr *)&any, sizeof(any));
	close(fd);
	return bound == 0;
}

/* It is bound to a device that may be made anew, and nobody would end this for it. */
static void a_socket_that_serves_nothing_allowed_is_closed(void **state)
{
	struct fixture *fixture = *state;
	struct address exit;

	ask(fixture, "127.0.0.1", fixture->echo_address.port, "x");
	exit = take(fixture, fixture->echo);
	fixture->is_away = true;
	association_forget_verdicts(fixture->association);
	assert_true(port_is_free(exit.port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASSOCIATION_TEST(the_guard_has_the_last_word),
		ASSOCIATION_TEST(what_waits_for_a_name_goes_out_in_order_once_it_is_known),
		ASSOCIATION_TEST(what_is_refused_for_now_is_asked_again),
		ASSOCIATION_TEST(a_socket_that_serves_nothing_allowed_is_closed),
		ASSOCIATION_TEST(an_unknown_name_costs_only_its_own_datagrams),
		ASSOCIATION_TEST(local_names_are_never_asked_of_a_resolver),
		ASSOCIATION_TEST(what_waits_is_bounded),
		ASSOCIATION_TEST(many_destinations_are_bounded_and_the_busy_ones_stay),
		ASSOCIATION_TEST(after_a_reload_everything_is_judged_anew),
		ASSOCIATION_TEST(every_egress_has_its_own_socket),
		ASSOCIATION_TEST(a_device_that_is_away_costs_datagrams_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
