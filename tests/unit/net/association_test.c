/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDP associations over real loopback sockets; only the resolver is the test's own. */
#include "net/association.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/guard.h"
#include "net/resolver.h"
#include "proto/socks.h"

enum {
	LOOKUPS_MAX = 64,
	BIG = 65507, /* the most that IPv4 can carry */
};

struct lookup {
	struct host host;
	int family;
	lookup_done_fn *done; /* NULL: ended or cancelled */
	void *arg;
};

/* Answers when the test says so. */
struct resolver {
	struct lookup lookups[LOOKUPS_MAX];
	size_t count, cancelled;
};

struct lookup *resolver_lookup(struct resolver *resolver, const struct host *host, int family,
			       lookup_done_fn *done, void *arg)
{
	struct lookup *lookup = &resolver->lookups[resolver->count++];

	assert_in_range(resolver->count, 1, LOOKUPS_MAX);
	*lookup = (struct lookup){*host, family, done, arg};
	return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
	assert_true(lookup->done != NULL);
	lookup->done = NULL;
}

static void lookup_answer(struct lookup *lookup, enum lookup_result result, const char *text)
{
	lookup_done_fn *done = lookup->done;
	struct address address = {0};

	assert_true(done != NULL);
	lookup->done = NULL;
	if (text != NULL)
		assert_true(address_parse(text, strlen(text), &address));
	done(lookup->arg, result, &address, text != NULL ? 1 : 0);
}

struct fixture {
	struct event_base *base;
	struct association *association;
	struct guard *guard;
	struct resolver resolver;
	int client, echo, other; /* other: a second server */
	struct address echo_address, other_address;
	uint16_t denied_port;
	const char *device;
	bool public_only, ipv6;
	unsigned judged;
	uint8_t bytes[BIG + 1];
	size_t len;
};

static int judge(void *arg, const struct host *host, uint16_t port, struct dial_route *route)
{
	struct fixture *fixture = arg;

	(void)host;
	fixture->judged++;
	if (port == fixture->denied_port)
		return -1;
	*route = (struct dial_route){
		.device = fixture->device,
		.ipv4 = true,
		.ipv6 = fixture->ipv6,
		.allow_private = !fixture->public_only,
		.resolver = &fixture->resolver,
		.guard = fixture->guard,
	};
	return 0;
}

static int open_socket(const char *ip, struct address *bound)
{
	struct sockaddr_storage sockaddr;
	struct address address;
	socklen_t len;
	int fd;

	assert_true(address_parse(ip, strlen(ip), &address));
	len = address_to_sockaddr(&address, &sockaddr);
	fd = socket(address.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&sockaddr, len) < 0) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sockaddr, &len), 0);
	if (bound != NULL)
		*bound = address_from_sockaddr((struct sockaddr *)&sockaddr, len);
	return fd;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct association_settings settings = {.judge = judge, .arg = fixture};

	fixture->base = event_base_new();
	fixture->guard = guard_new(NULL, 0);
	fixture->client = open_socket("127.0.0.1", NULL);
	fixture->echo = open_socket("127.0.0.1", &fixture->echo_address);
	fixture->other = open_socket("127.0.0.1", &fixture->other_address);
	assert_true(address_parse("127.0.0.1", 9, &settings.local));
	assert_true(address_parse("127.0.0.1", 9, &settings.client));
	fixture->association = association_new(fixture->base, &settings);
	assert_non_null(fixture->association);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	association_free(fixture->association);
	for (size_t i = 0; i < fixture->resolver.count; i++)
		assert_true(fixture->resolver.lookups[i].done == NULL);
	event_base_free(fixture->base);
	guard_free(fixture->guard);
	close(fixture->client);
	close(fixture->echo);
	close(fixture->other);
	free(fixture);
	return 0;
}

static void send_to(int fd, const struct address *to, const void *bytes, size_t len)
{
	struct sockaddr_storage sockaddr;
	socklen_t sockaddr_len = address_to_sockaddr(to, &sockaddr);

	assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&sockaddr, sockaddr_len),
			 len);
}

/* From the client to the association: a request for host:port. */
static void ask_from(struct fixture *fixture, int fd, const char *host_text, uint16_t port,
		     const void *payload, size_t len)
{
	static uint8_t bytes[BIG];
	struct address to = association_address(fixture->association);
	struct host host;
	size_t head_len;

	assert_true(host_parse(host_text, strlen(host_text), &host));
	head_len = socks5_write_connect(bytes, &host, port);
	memset(bytes, 0, 3);
	assert_true(head_len + len <= sizeof(bytes));
	memcpy(bytes + head_len, payload, len);
	send_to(fd, &to, bytes, head_len + len);
}

static void ask(struct fixture *fixture, const char *host, uint16_t port, const char *payload)
{
	ask_from(fixture, fixture->client, host, port, payload, strlen(payload));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	assert_true((what & EV_READ) != 0);
	event_base_loopbreak(arg);
}

/* Runs the loop until a datagram is there; who sent it. */
static struct address take(struct fixture *fixture, int fd)
{
	struct timeval timeout = {.tv_sec = 5};
	struct sockaddr_storage sockaddr;
	socklen_t len = sizeof(sockaddr);
	ssize_t got;

	for (;;) {
		got = recvfrom(fd, fixture->bytes, sizeof(fixture->bytes), 0,
			       (struct sockaddr *)&sockaddr, &len);
		if (got >= 0)
			break;
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(event_base_once(fixture->base, fd, EV_READ, on_readable,
						 fixture->base, &timeout),
				 0);
		event_base_dispatch(fixture->base);
	}
	fixture->len = (size_t)got;
	return address_from_sockaddr((struct sockaddr *)&sockaddr, len);
}

static void assert_taken(const struct fixture *fixture, const char *payload)
{
	assert_int_equal(fixture->len, strlen(payload));
	assert_memory_equal(fixture->bytes, payload, fixture->len);
}

/* What the client gets is from that address and carries that payload. */
static void assert_reply(struct fixture *fixture, const struct address *from, const char *payload)
{
	struct address sender = take(fixture, fixture->client);
	struct address bound = association_address(fixture->association);
	struct host host;
	uint16_t port;
	size_t used;

	assert_true(address_equals_endpoint(&sender, &bound));
	assert_int_equal(socks5_parse_datagram(fixture->bytes, fixture->len, &host, &port, &used),
			 PARSE_DONE);
	assert_true(host.is_literal && address_equals(&host.address, from));
	assert_int_equal(port, from->port);
	assert_int_equal(fixture->len - used, strlen(payload));
	assert_memory_equal(fixture->bytes + used, payload, strlen(payload));
}

/* Runs what is ready now. */
static void settle(struct fixture *fixture)
{
	for (int i = 0; i < 3; i++)
		event_base_loop(fixture->base, EVLOOP_NONBLOCK);
}

static struct association_counters counters_of(const struct fixture *fixture)
{
	struct association_counters counters;

	association_counters(fixture->association, &counters);
	return counters;
}

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

#define ASSOCIATION_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		ASSOCIATION_TEST(the_guard_has_the_last_word),
		ASSOCIATION_TEST(datagrams_are_whole_up_to_the_largest),
		ASSOCIATION_TEST(what_waits_for_a_name_goes_out_in_order_once_it_is_known),
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
