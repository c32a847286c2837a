/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dialling hosts directly: names, guard, happy eyeballs, every failure, cancelling. */
#include "net/dial.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "dial_scene.h"

struct outcome {
	unsigned calls;
	enum dial_result result;
	struct stream stream;
	struct address peer;
	char detail[200];
};

static void on_done(void *arg, enum dial_result result, struct stream stream,
		    const struct address *peer, const char *detail)
{
	struct outcome *outcome = arg;

	outcome->calls++;
	outcome->result = result;
	outcome->stream = stream;
	outcome->peer = *peer;
	snprintf(outcome->detail, sizeof(outcome->detail), "%s", detail);
}

static struct dial *begin(struct scene *scene, const char *name, uint16_t port, int timeout_ms,
			  struct outcome *outcome)
{
	struct host host;
	struct dial *dial;

	assert_true(host_parse(name, strlen(name), &host));
	dial = dial_start(scene->poller, &scene->route, &host, port, timeout_ms, on_done, outcome);
	assert_non_null(dial);
	assert_int_equal(outcome->calls, 0);
	return dial;
}

static struct outcome dial(struct scene *scene, const char *name, uint16_t port, int timeout_ms)
{
	struct outcome outcome = {.stream = stream_none()};

	begin(scene, name, port, timeout_ms, &outcome);
	while (outcome.calls == 0)
		assert_int_equal(event_base_loop(scene->base, EVLOOP_ONCE), 0);
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.stream.fd >= 0, outcome.result == DIAL_OK);
	stream_close(&outcome.stream);
	return outcome;
}

enum port_kind {
	OPEN,
	CLOSED,
};

/* How the route differs from one that has everything. */
enum route_kind {
	ANY = 0,
	NO_PRIVATE = 1,
	NO_V4 = 2,
	NO_V6 = 4,
	ON_LO = 8,
	ON_GONE = 16,
	ON_NOTHING = 32,
};

struct dial_case {
	const char *host;
	enum port_kind port;
	unsigned how;
	int timeout_ms;
	enum dial_result result;
	const char *says; /* the peer on DIAL_OK, else the detail */
};

static const char *device_of(unsigned how)
{
	if ((how & ON_LO) != 0)
		return "lo";
	if ((how & ON_GONE) != 0)
		return "egress-none0";
	return (how & ON_NOTHING) != 0 ? "" : NULL;
}

static void check(struct scene *scene, const struct dial_case *c)
{
	struct dial_route route = scene->route;
	uint16_t port = c->port == OPEN ? scene->port : scene->closed_port;
	struct outcome outcome;
	char peer[ADDRESS_TEXT_SIZE];

	scene->route.allow_private = (c->how & NO_PRIVATE) == 0;
	scene->route.ipv4 = (c->how & NO_V4) == 0;
	scene->route.ipv6 = (c->how & NO_V6) == 0;
	scene->route.device = device_of(c->how);
	resolver_flush(scene->resolver);
	outcome = dial(scene, c->host, port, c->timeout_ms);
	scene->route = route;
	address_format(&outcome.peer, peer);
	if (outcome.result != c->result)
		fail_msg("%s: %s (%s)", c->host, dial_result_name(outcome.result), outcome.detail);
	assert_string_equal(outcome.result == DIAL_OK ? peer : outcome.detail, c->says);
}

static void check_all(struct scene *scene, const struct dial_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(scene, &cases[i]);
}

static void every_end_of_a_dial_has_its_result(void **state)
{
	static const struct dial_case cases[] = {
		{"127.0.0.1", OPEN, ANY, 5000, DIAL_OK, "127.0.0.1"},
		{"v4.example", OPEN, ANY, 5000, DIAL_OK, "127.0.0.1"},
		{"v4.example", OPEN, ON_LO, 5000, DIAL_OK, "127.0.0.1"},
		{"second.example", OPEN, ANY, 5000, DIAL_OK, "127.0.0.1"},
		{"own.example", OPEN, ANY, 5000, DIAL_OK, "127.0.0.1"},
		{"127.0.0.2", OPEN, ANY, 5000, DIAL_FORBIDDEN_ADDRESS,
		 "address is our own listener"},
		{"127.0.0.1", CLOSED, ANY, 5000, DIAL_REFUSED, "connection refused"},
		{"v4.example", CLOSED, ANY, 5000, DIAL_REFUSED, "connection refused"},
		{"both.example", CLOSED, ANY, 5000, DIAL_REFUSED, "connection refused"},
		{"::1", OPEN, ANY, 100, DIAL_TIMEOUT, "nothing answered in time"},
		{"::1", OPEN, NO_V6, 5000, DIAL_UNREACHABLE,
		 "the egress has no address of that family"},
		{"v4.example", OPEN, NO_V4 | NO_V6, 5000, DIAL_UNREACHABLE,
		 "the egress has no address"},
		{"v4.example", OPEN, NO_V4, 5000, DIAL_NAME_NOT_FOUND, "name not found"},
		{"nx.example", OPEN, ANY, 5000, DIAL_NAME_NOT_FOUND, "name not found"},
		{"servfail.example", OPEN, ANY, 5000, DIAL_NAME_FAILED,
		 "the name could not be resolved"},
		{"silent.example", OPEN, ANY, 5000, DIAL_NAME_TIMEOUT,
		 "no name server answered in time"},
		{"silent.example", OPEN, ANY, 50, DIAL_NAME_TIMEOUT,
		 "no name server answered in time"},
		{"127.0.0.1", OPEN, ON_GONE, 5000, DIAL_DEVICE_GONE, "the tunnel device is gone"},
		{"v4.example", OPEN, ON_GONE, 5000, DIAL_DEVICE_GONE, "the tunnel device is gone"},
		{"127.0.0.1", OPEN, ON_NOTHING, 5000, DIAL_DEVICE_GONE,
		 "the tunnel device is gone"},
	};

	check_all(*state, cases, ARRAY_LEN(cases));
}

static void the_guard_sees_the_address_behind_the_name(void **state)
{
	static const struct dial_case cases[] = {
		{"127.0.0.1", OPEN, NO_PRIVATE, 5000, DIAL_FORBIDDEN_ADDRESS,
		 "address is loopback"},
		{"::ffff:127.0.0.1", OPEN, NO_PRIVATE, 5000, DIAL_FORBIDDEN_ADDRESS,
		 "address is loopback"},
		{"v4.example", OPEN, NO_PRIVATE, 5000, DIAL_FORBIDDEN_ADDRESS,
		 "address is loopback"},
		{"both.example", OPEN, NO_PRIVATE, 5000, DIAL_FORBIDDEN_ADDRESS,
		 "address is loopback"},
		{"wrapped.example", OPEN, NO_PRIVATE, 5000, DIAL_FORBIDDEN_ADDRESS,
		 "address is loopback"},
		{"private.example", OPEN, NO_PRIVATE, 5000, DIAL_FORBIDDEN_ADDRESS,
		 "address is private"},
		{"metadata.example", OPEN, NO_PRIVATE, 5000, DIAL_FORBIDDEN_ADDRESS,
		 "address is cloud metadata"},
	};

	check_all(*state, cases, ARRAY_LEN(cases));
}

static void local_names_reach_no_resolver(void **state)
{
	static const struct dial_case cases[] = {
		{"nas.lan", OPEN, NO_PRIVATE, 5000, DIAL_LOCAL_NAME,
		 "local names are not asked of a resolver"},
		{"printer", OPEN, NO_PRIVATE, 5000, DIAL_LOCAL_NAME,
		 "local names are not asked of a resolver"},
	};
	static const struct dial_case allowed = {"nas.lan", OPEN, ANY, 5000, DIAL_OK, "127.0.0.1"};
	struct scene *scene = *state;

	check_all(scene, cases, ARRAY_LEN(cases));
	assert_int_equal(scene->dns.udp_count, 0);
	check(scene, &allowed);
}

static void without_ipv6_no_aaaa_is_asked(void **state)
{
	static const struct dial_case no_v6 = {"both.example", OPEN,    NO_V6,
					       5000,           DIAL_OK, "127.0.0.1"};
	struct scene *scene = *state;

	check(scene, &no_v6);
	assert_int_equal(scene->aaaa_count, 0);
}

static void dead_ipv6_does_not_keep_ipv4_waiting(void **state)
{
	/* Well under the 600 ms that the silent AAAA of late.example would take. */
	static const struct dial_case cases[] = {
		{"both.example", OPEN, ANY, 500, DIAL_OK, "127.0.0.1"},
		{"late.example", OPEN, ANY, 500, DIAL_OK, "127.0.0.1"},
		{"failing6.example", OPEN, ANY, 500, DIAL_OK, "127.0.0.1"},
	};

	check_all(*state, cases, ARRAY_LEN(cases));
}

static void without_descriptors_a_dial_says_so(void **state)
{
	struct scene *scene = *state;
	struct rlimit limit, none;
	struct outcome outcome;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	outcome = dial(scene, "127.0.0.1", scene->port, 2000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(outcome.result, DIAL_NO_RESOURCES);
	assert_string_equal(outcome.detail, "out of descriptors");
	assert_int_equal(dial(scene, "127.0.0.1", scene->port, 2000).result, DIAL_OK);
}

static void a_dead_dial_delays_no_other(void **state)
{
	struct scene *scene = *state;
	struct outcome dead[20] = {0};
	struct dial *dials[20];

	for (size_t i = 0; i < ARRAY_LEN(dead); i++)
		dials[i] = begin(scene, i % 2 == 0 ? "silent.example" : "::1", scene->port, 5000,
				 &dead[i]);
	assert_int_equal(dial(scene, "v4.example", scene->port, 200).result, DIAL_OK);
	for (size_t i = 0; i < ARRAY_LEN(dead); i++) {
		assert_int_equal(dead[i].calls, 0);
		dial_cancel(dials[i]);
	}
}

static void a_cancelled_dial_is_never_told(void **state)
{
	static const char *const hosts[] = {"127.0.0.1",    "::1",          "v4.example",
					    "both.example", "late.example", "silent.example",
					    "nx.example"};
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		for (int turns = 0; turns < 6; turns++) {
			struct outcome outcome = {.stream = stream_none()};
			struct dial *started = begin(scene, hosts[i], scene->port, 5000, &outcome);

			resolver_flush(scene->resolver);
			for (int turn = 0; turn < turns; turn++)
				event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
			if (outcome.calls == 0)
				dial_cancel(started);
			event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
			assert_in_range(outcome.calls, 0, 1);
			stream_close(&outcome.stream);
		}
	}
	assert_int_equal(dial(scene, "v4.example", scene->port, 2000).result, DIAL_OK);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(every_end_of_a_dial_has_its_result),
		SCENE_TEST(the_guard_sees_the_address_behind_the_name),
		SCENE_TEST(local_names_reach_no_resolver),
		SCENE_TEST(without_ipv6_no_aaaa_is_asked),
		SCENE_TEST(dead_ipv6_does_not_keep_ipv4_waiting),
		SCENE_TEST(without_descriptors_a_dial_says_so),
		SCENE_TEST(a_dead_dial_delays_no_other),
		SCENE_TEST(a_cancelled_dial_is_never_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
