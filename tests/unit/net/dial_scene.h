/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where dials are tested: a name server with a zone, a listener on 127.0.0.1, a dead one on ::1. */
#ifndef TESTS_DIAL_SCENE_H
#define TESTS_DIAL_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_dns.h"
#include "net/dial.h"
#include "net/guard.h"
#include "net/listen.h"
#include "net/poller.h"
#include "net/resolver.h"

struct scene {
	struct event_base *base;
	struct poller *poller;
	struct fake_dns dns;
	struct resolver *resolver;
	struct guard *guard;
	struct dial_route route;
	int listener;    /* 127.0.0.1, accepts */
	int listener_v6; /* ::1, the same port: full, so that nothing is answered */
	int closed;      /* 127.0.0.1, bound and not listening */
	int fillers[4];  /* what fills listener_v6 */
	uint16_t port;   /* of both listeners */
	uint16_t closed_port;
	unsigned aaaa_count;
};

static inline void zone_answer(void *arg, const struct fake_question *question,
			       struct fake_message *message)
{
	static const struct {
		const char *name, *address;
	} zone[] = {
		{"v4.example", "127.0.0.1"},
		{"both.example", "127.0.0.1"},
		{"both.example", "::1"},
		{"late.example", "127.0.0.1"},
		{"failing6.example", "127.0.0.1"},
		{"private.example", "10.0.0.1"},
		{"private.example", "fd00::1"},
		{"wrapped.example", "64:ff9b::7f00:1"},
		{"own.example", "127.0.0.2"},
		{"own.example", "127.0.0.1"},
		{"second.example", "127.0.0.3"},
		{"second.example", "127.0.0.1"},
		{"metadata.example", "169.254.169.254"},
		{"nas.lan", "127.0.0.1"},
	};
	struct scene *scene = arg;
	const char *name = question->name;

	if (question->type == FAKE_AAAA)
		scene->aaaa_count++;
	for (size_t i = 0; i < ARRAY_LEN(zone); i++) {
		bool is_v6 = strchr(zone[i].address, ':') != NULL;

		if (strcmp(zone[i].name, name) == 0 && is_v6 == (question->type == FAKE_AAAA))
			fake_put_address(message, name, 60, zone[i].address);
	}
	if (strcmp(name, "silent.example") == 0 ||
	    (strcmp(name, "late.example") == 0 && question->type == FAKE_AAAA))
		message->len = 0;
	if (strcmp(name, "servfail.example") == 0 ||
	    (strcmp(name, "failing6.example") == 0 && question->type == FAKE_AAAA))
		fake_set_code(message, FAKE_SERVFAIL);
	if (strcmp(name, "nx.example") == 0)
		fake_set_code(message, FAKE_NXDOMAIN);
}

static inline struct address endpoint(const char *ip, uint16_t port)
{
	struct address address;

	assert_true(address_parse(ip, strlen(ip), &address));
	address.port = port;
	return address;
}

static inline uint16_t port_of(int fd)
{
	struct sockaddr_storage sockaddr = {0};
	socklen_t len = sizeof(sockaddr);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sockaddr, &len), 0);
	return address_from_sockaddr((struct sockaddr *)&sockaddr, len).port;
}

/* A listener whose queue is full leaves further SYNs without an answer. */
static inline void scene_blackhole(struct scene *scene)
{
	struct address address = endpoint("::1", scene->port);
	struct sockaddr_storage sockaddr;
	socklen_t len = address_to_sockaddr(&address, &sockaddr);

	scene->listener_v6 = listen_open(&address, 0);
	assert_true(scene->listener_v6 >= 0);
	for (size_t i = 0; i < ARRAY_LEN(scene->fillers); i++) {
		scene->fillers[i] = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(scene->fillers[i], (struct sockaddr *)&sockaddr, len);
	}
}

static inline void scene_listen(struct scene *scene)
{
	struct address any = endpoint("127.0.0.1", 0);
	struct sockaddr_storage sockaddr;
	socklen_t len = address_to_sockaddr(&any, &sockaddr);

	scene->listener = listen_open(&any, 16);
	scene->port = port_of(scene->listener);
	scene->closed = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(scene->closed, (struct sockaddr *)&sockaddr, len), 0);
	scene->closed_port = port_of(scene->closed);
	scene_blackhole(scene);
}

static inline int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct resolver_settings settings = {.server_count = 1, .try_ms = 200};
	struct address own;

	alarm(60);
	scene->base = event_base_new();
	scene->poller = poller_new(scene->base);
	scene_listen(scene);
	fake_dns_start(&scene->dns, scene->base, zone_answer, scene);
	settings.servers[0] = scene->dns.address;
	scene->resolver = resolver_new(scene->base, &settings);
	own = endpoint("127.0.0.2", scene->port);
	scene->guard = guard_new(&own, 1);
	scene->route = (struct dial_route){
		.ipv4 = true,
		.ipv6 = true,
		.allow_private = true,
		.resolver = scene->resolver,
		.guard = scene->guard,
	};
	*state = scene;
	return scene->resolver == NULL || scene->guard == NULL ? -1 : 0;
}

static inline int scene_teardown(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_LEN(scene->fillers); i++)
		close(scene->fillers[i]);
	close(scene->listener);
	close(scene->listener_v6);
	close(scene->closed);
	resolver_free(scene->resolver);
	guard_free(scene->guard);
	fake_dns_stop(&scene->dns);
	poller_free(scene->poller);
	event_base_free(scene->base);
	free(scene);
	return 0;
}

#endif
