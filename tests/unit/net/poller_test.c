/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watched streams: what the kernel is not asked about must not be missed. */
#include "net/poller.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/listen.h"
#include "net/stream.h"

struct side {
	struct stream stream; /* watched */
	int far;              /* blocking */
	unsigned calls;
	struct side *closes; /* when called */
};

struct scene {
	struct event_base *base;
	struct poller *poller;
	struct side sides[2];
};

static void side_on_ready(void *arg)
{
	struct side *side = arg;

	side->calls++;
	if (side->closes != NULL)
		stream_close(&side->closes->stream);
}

static void side_connect(struct scene *scene, struct side *side, int listener)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	struct address peer;

	assert_int_equal(getsockname(listener, (struct sockaddr *)&bound, &len), 0);
	side->far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(side->far, (struct sockaddr *)&bound, len), 0);
	side->stream = stream_from_fd(listen_accept(listener, &peer));
	assert_int_equal(stream_watch(&side->stream, scene->poller), 0);
	stream_on_ready(&side->stream, side_on_ready, side);
}

static int scene_setup(void **state)
{
	static const char loopback[] = "127.0.0.1:0";
	struct scene *scene = calloc(1, sizeof(*scene));
	struct address address;
	int listener;

	alarm(60);
	scene->base = event_base_new();
	scene->poller = poller_new(scene->base);
	assert_true(address_parse_endpoint(loopback, strlen(loopback), &address));
	listener = listen_open(&address, 2);
	side_connect(scene, &scene->sides[0], listener);
	side_connect(scene, &scene->sides[1], listener);
	close(listener);
	*state = scene;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_LEN(scene->sides); i++) {
		stream_close(&scene->sides[i].stream);
		close(scene->sides[i].far);
	}
	poller_free(scene->poller);
	event_base_free(scene->base);
	free(scene);
	return 0;
}

static void side_wait(struct scene *scene, struct side *side)
{
	unsigned before = side->calls;

	while (side->calls == before)
		assert_int_equal(event_base_loop(scene->base, EVLOOP_ONCE), 0);
}

static void side_expect(struct side *side, const char *text)
{
	char bytes[64];
	ssize_t got = stream_read(&side->stream, bytes, sizeof(bytes));

	assert_int_equal(got, strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

static void reset_far(struct side *side)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(side->far, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(side->far);
	side->far = -1;
}

static void what_comes_after_a_short_read_is_a_new_edge(void **state)
{
	struct scene *scene = *state;
	struct side *side = &scene->sides[0];
	char byte;

	assert_int_equal(stream_read(&side->stream, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write(side->far, "once", 4), 4);
		side_wait(scene, side);
		while (!stream_may_read(&side->stream))
			side_wait(scene, side);
		side_expect(side, "once");
		assert_false(stream_may_read(&side->stream));
		assert_true(stream_is_quiet(&side->stream));
	}
}

static void a_fin_behind_the_last_bytes_is_read(void **state)
{
	struct scene *scene = *state;
	struct side *side = &scene->sides[0];
	char byte;

	assert_int_equal(write(side->far, "last", 4), 4);
	shutdown(side->far, SHUT_WR);
	side_wait(scene, side);
	side_expect(side, "last");
	assert_false(stream_is_quiet(&side->stream));
	assert_int_equal(stream_read(&side->stream, &byte, 1), 0);
	assert_false(stream_is_broken(&side->stream));
}

static void a_reset_behind_the_last_bytes_is_read(void **state)
{
	struct scene *scene = *state;
	struct side *side = &scene->sides[0];
	char byte;

	assert_int_equal(write(side->far, "last", 4), 4);
	reset_far(side);
	side_wait(scene, side);
	assert_true(stream_is_broken(&side->stream));
	side_expect(side, "last");
	assert_int_equal(stream_read(&side->stream, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
}

/* A read stops at the urgent mark, with more behind it. */
static void urgent_data_hides_nothing_behind_it(void **state)
{
	struct scene *scene = *state;
	struct side *side = &scene->sides[0];

	assert_int_equal(write(side->far, "before", 6), 6);
	assert_int_equal(send(side->far, "!", 1, MSG_OOB), 1);
	assert_int_equal(write(side->far, "behind", 6), 6);
	side_wait(scene, side);
	side_expect(side, "before");
	side_expect(side, "behind");
}

static void a_full_socket_tells_when_there_is_room(void **state)
{
	static char bytes[65536];
	struct scene *scene = *state;
	struct side *side = &scene->sides[0];
	ssize_t len;

	side_wait(scene, side);
	while (stream_write(&side->stream, bytes, sizeof(bytes)) > 0)
		continue;
	assert_int_equal(errno, EAGAIN);
	while ((len = recv(side->far, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		continue;
	side_wait(scene, side);
	assert_true(stream_write(&side->stream, "x", 1) == 1);
}

static void a_stream_closed_in_the_batch_is_not_called(void **state)
{
	struct scene *scene = *state;

	/* Both are ready at once; whoever is called first closes the other. */
	scene->sides[0].closes = &scene->sides[1];
	scene->sides[1].closes = &scene->sides[0];
	while (scene->sides[0].calls + scene->sides[1].calls == 0)
		assert_int_equal(event_base_loop(scene->base, EVLOOP_ONCE), 0);
	assert_int_equal(event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	assert_int_equal(scene->sides[0].calls + scene->sides[1].calls, 1);
}

static void a_queued_stream_has_one_turn_and_none_once_closed(void **state)
{
	struct scene *scene = *state;
	struct side *first = &scene->sides[0], *second = &scene->sides[1];

	side_wait(scene, first);
	first->calls = second->calls = 0;
	stream_wake(&first->stream);
	stream_wake(&first->stream);
	stream_wake(&second->stream);
	assert_true(stream_is_queued(&first->stream));
	first->closes = second;
	while (first->calls == 0)
		assert_int_equal(event_base_loop(scene->base, EVLOOP_ONCE), 0);
	assert_int_equal(event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	assert_int_equal(first->calls, 1);
	assert_int_equal(second->calls, 0);
	assert_false(stream_is_queued(&first->stream));
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(what_comes_after_a_short_read_is_a_new_edge),
		SCENE_TEST(a_fin_behind_the_last_bytes_is_read),
		SCENE_TEST(a_reset_behind_the_last_bytes_is_read),
		SCENE_TEST(urgent_data_hides_nothing_behind_it),
		SCENE_TEST(a_full_socket_tells_when_there_is_room),
		SCENE_TEST(a_stream_closed_in_the_batch_is_not_called),
		SCENE_TEST(a_queued_stream_has_one_turn_and_none_once_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
