/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets, on loopback. */
#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"

static struct address endpoint(const char *text)
{
	struct address address;

	assert_true(address_parse_endpoint(text, strlen(text), &address));
	return address;
}

static struct address bound(int fd)
{
	struct sockaddr_storage sockaddr = {0};
	socklen_t len = sizeof(sockaddr);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sockaddr, &len), 0);
	return address_from_sockaddr((struct sockaddr *)&sockaddr, len);
}

static int connect_to(struct address address)
{
	struct sockaddr_storage sockaddr;
	socklen_t len = address_to_sockaddr(&address, &sockaddr);
	int fd = socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sockaddr, len), 0);
	return fd;
}

static int accept_one(int listener, struct address *peer)
{
	struct pollfd wait = {.fd = listener, .events = POLLIN};

	assert_int_equal(poll(&wait, 1, 5000), 1);
	return listen_accept(listener, peer);
}

static void a_client_is_accepted_and_known_by_its_address(void **state)
{
	struct address any = endpoint("127.0.0.1:0");
	int listener = listen_open(&any, 16);
	struct address peer, client_address;
	int client, accepted;

	(void)state;
	assert_true(listener >= 0);
	assert_int_equal(listen_accept(listener, &peer), -1);
	assert_int_equal(errno, EAGAIN);
	client = connect_to(bound(listener));
	client_address = bound(client);
	accepted = accept_one(listener, &peer);
	assert_true(accepted >= 0);
	assert_true(address_equals_endpoint(&peer, &client_address));
	assert_true((fcntl(accepted, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(accepted, F_GETFD) & FD_CLOEXEC) != 0);
	close(accepted);
	close(client);
	close(listener);
}

enum {
	DEFER_MS = 900, /* a little less than a client that says nothing is kept back */
	ATTEMPTS = 10,
};

static void a_client_that_says_nothing_yet_keeps_no_other_waiting(void **state)
{
	struct address any = endpoint("127.0.0.1:0"), peer, speaker_address;
	int64_t began_ms, took_ms;

	(void)state;
	/* On a machine that stands still for so long, once more. */
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		int listener = listen_open(&any, 16), mute, speaker, accepted, none;

		assert_true(listener >= 0);
		listen_defer_accept(listener, true);
		began_ms = clock_monotonic_ms();
		mute = connect_to(bound(listener));
		speaker = connect_to(bound(listener));
		speaker_address = bound(speaker);
		assert_int_equal(send(speaker, "x", 1, 0), 1);
		accepted = accept_one(listener, &peer);
		none = listen_accept(listener, &(struct address){0});
		took_ms = clock_monotonic_ms() - began_ms;
		close(mute);
		close(speaker);
		close(accepted);
		fd_close(none);
		close(listener);
		if (took_ms >= DEFER_MS)
			continue;
		assert_true(address_equals_endpoint(&peer, &speaker_address));
		assert_int_equal(none, -1);
		return;
	}
	fail();
}

static void a_client_that_never_speaks_is_accepted_in_the_end(void **state)
{
	struct address any = endpoint("127.0.0.1:0"), peer;
	int listener = listen_open(&any, 16), client, accepted;

	(void)state;
	assert_true(listener >= 0);
	listen_defer_accept(listener, true);
	client = connect_to(bound(listener));
	accepted = accept_one(listener, &peer);
	assert_true(accepted >= 0);
	close(accepted);
	close(client);
	close(listener);
}

static void a_client_that_waits_for_the_server_is_accepted_at_once(void **state)
{
	struct address any = endpoint("127.0.0.1:0");
	int listener = listen_open(&any, 16), ready = 0;

	(void)state;
	assert_true(listener >= 0);
	listen_defer_accept(listener, true);
	listen_defer_accept(listener, false);
	for (int attempt = 0; attempt < ATTEMPTS && ready == 0; attempt++) {
		struct pollfd wait = {.fd = listener, .events = POLLIN};
		int client = connect_to(bound(listener));

		ready = poll(&wait, 1, DEFER_MS);
		close(client);
	}
	assert_int_equal(ready, 1);
	close(listener);
}

static void workers_share_a_port(void **state)
{
	struct address any = endpoint("127.0.0.1:0");
	int first = listen_open(&any, 16);
	struct address same = bound(first);
	int second = listen_open(&same, 16);

	(void)state;
	assert_true(first >= 0 && second >= 0);
	close(first);
	close(second);
}

static void the_ipv6_wildcard_serves_ipv4_as_ipv4(void **state)
{
	struct address any = endpoint("[::]:0");
	int listener = listen_open(&any, 16);
	struct address target, peer;
	int client, accepted;

	(void)state;
	if (listener < 0 && errno == EAFNOSUPPORT)
		skip();
	assert_true(listener >= 0);
	target = endpoint("127.0.0.1:1");
	target.port = bound(listener).port;
	client = connect_to(target);
	accepted = accept_one(listener, &peer);
	assert_int_equal(peer.family, AF_INET);
	close(accepted);
	close(client);
	close(listener);
}

static void an_address_that_is_not_ours_is_an_error(void **state)
{
	struct address foreign = endpoint("192.0.2.1:8118");

	(void)state;
	assert_int_equal(listen_open(&foreign, 16), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_accepted_and_known_by_its_address),
		cmocka_unit_test(a_client_that_says_nothing_yet_keeps_no_other_waiting),
		cmocka_unit_test(a_client_that_never_speaks_is_accepted_in_the_end),
		cmocka_unit_test(a_client_that_waits_for_the_server_is_accepted_at_once),
		cmocka_unit_test(workers_share_a_port),
		cmocka_unit_test(the_ipv6_wildcard_serves_ipv4_as_ipv4),
		cmocka_unit_test(an_address_that_is_not_ours_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
