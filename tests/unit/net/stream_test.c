/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stream tells of its peer: bytes that lay here are no sign of life. */
#include "net/stream.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/listen.h"

static void connect_pair(struct stream *near, int *far)
{
	static const char loopback[] = "127.0.0.1:0";
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	struct address address, peer;
	int listener, fd;

	assert_true(address_parse_endpoint(loopback, strlen(loopback), &address));
	listener = listen_open(&address, 1);
	assert_true(listener >= 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&bound, &len), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&bound, len), 0);
	*far = listen_accept(listener, &peer);
	assert_true(*far >= 0);
	*near = stream_from_fd(fd);
	close(listener);
}

static void what_waited_to_be_read_was_heard_when_it_came(void **state)
{
	int64_t began_ms, came_ms, seen_ms = 0;
	struct stream near;
	struct pollfd silent;
	char bytes[2];
	int far;

	(void)state;
	connect_pair(&near, &far);
	began_ms = clock_monotonic_ms();
	assert_int_equal(write(far, "ab", 2), 2);
	assert_int_equal(stream_read(&near, bytes, 1), 1);
	came_ms = clock_monotonic_ms();
	stream_note_heard(&near, came_ms, &seen_ms);
	/* The kernel counts in ticks of its own. */
	assert_in_range(seen_ms, began_ms - 20, came_ms);
	/* Nothing comes for a while; then the rest is read. */
	silent = (struct pollfd){.fd = far, .events = POLLIN};
	assert_int_equal(poll(&silent, 1, 600), 0);
	assert_int_equal(stream_read(&near, bytes, 1), 1);
	stream_note_heard(&near, clock_monotonic_ms(), &seen_ms);
	assert_in_range(seen_ms, began_ms - 20, came_ms + 20);
	stream_close(&near);
	close(far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waited_to_be_read_was_heard_when_it_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
