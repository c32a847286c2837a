/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a UDP association on loopback with a client and two servers, and a resolver that
 * answers when the test says so (it stands in for the real one when it is linked). */
#ifndef TESTS_UNIT_NET_ASSOCIATION_LAB_H
#define TESTS_UNIT_NET_ASSOCIATION_LAB_H

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
	size_t count;
};

struct lookup *resolver_lookup(struct resolver *resolver, const struct host *host, int family,
			       const struct address *asker, lookup_done_fn *done, void *arg)
{
	struct lookup *lookup = &resolver->lookups[resolver->count++];

	(void)asker;
	assert_in_range(resolver->count, 1, LOOKUPS_MAX);
	*lookup = (struct lookup){*host, family, done, arg};
	return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
	assert_true(lookup->done != NULL);
	lookup->done = NULL;
}

static inline void lookup_answer(struct lookup *lookup, enum lookup_result result, const char *text)
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
	bool is_away; /* nothing can be said yet */
	const char *device;
	bool public_only, ipv6;
	unsigned judged;
	uint8_t bytes[BIG + 1];
	size_t len;
};

static inline int judge(void *arg, const struct host *host, uint16_t port, struct dial_route *route)
{
	struct fixture *fixture = arg;

	(void)host;
	fixture->judged++;
	if (fixture->is_away) {
		errno = EAGAIN;
		return -1;
	}
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

static inline int open_socket(const char *ip, struct address *bound)
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

static inline int setup(void **state)
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

static inline int teardown(void **state)
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

static inline void send_to(int fd, const struct address *to, const void *bytes, size_t len)
{
	struct sockaddr_storage sockaddr;
	socklen_t sockaddr_len = address_to_sockaddr(to, &sockaddr);

	assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&sockaddr, sockaddr_len),
			 len);
}

/* From the client to the association: a request for host:port. */
static inline void ask_from(struct fixture *fixture, int fd, const char *host_text, uint16_t port,
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

static inline void ask(struct fixture *fixture, const char *host, uint16_t port,
		       const char *payload)
{
	ask_from(fixture, fixture->client, host, port, payload, strlen(payload));
}

static inline void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	assert_true((what & EV_READ) != 0);
	event_base_loopbreak(arg);
}

/* Runs the loop until a datagram is there; who sent it. */
static inline struct address take(struct fixture *fixture, int fd)
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

static inline void assert_taken(const struct fixture *fixture, const char *payload)
{
	assert_int_equal(fixture->len, strlen(payload));
	assert_memory_equal(fixture->bytes, payload, fixture->len);
}

/* What the client gets is from that address and carries that payload. */
static inline void assert_reply(struct fixture *fixture, const struct address *from,
				const char *payload)
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
static inline void settle(struct fixture *fixture)
{
	for (int i = 0; i < 3; i++)
		event_base_loop(fixture->base, EVLOOP_NONBLOCK);
}

static inline struct association_counters counters_of(const struct fixture *fixture)
{
	struct association_counters counters;

	association_counters(fixture->association, &counters);
	return counters;
}

#define ASSOCIATION_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
