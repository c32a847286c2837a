/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What passes between warden and proxy, and what a proxy that is no longer ours cannot do with it.
 */
#include "warden/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
	static int ends[2];

	*state = ends;
	return channel_open(ends);
}

static int teardown(void **state)
{
	int *ends = *state;

	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void a_report_arrives_as_it_was_sent(void **state)
{
	const int *ends = *state;
	struct warden_message sent = {.word = WARDEN_REPORT}, got;
	int fd;

	sent.report = (struct warden_report){.rules = WARDEN_RULES_VERIFIED, .repairs = 7};
	snprintf(sent.report.reason, sizeof(sent.report.reason), "because");
	assert_int_equal(channel_receive(ends[1], false, &got, &fd), CHANNEL_NOTHING);
	assert_int_equal(channel_tell(ends[0], &sent, -1), 0);
	assert_int_equal(channel_receive(ends[1], true, &got, &fd), CHANNEL_GOT);
	assert_int_equal(got.word, WARDEN_REPORT);
	assert_int_equal(got.report.repairs, 7);
	assert_string_equal(got.report.reason, "because");
	assert_int_equal(fd, -1);
}

static void a_descriptor_comes_with_its_path_and_is_not_inherited(void **state)
{
	const int *ends = *state;
	struct warden_message sent = {.word = WARDEN_FILE, .path = "/etc/a file"}, got;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fd;
	struct stat status;

	assert_int_equal(channel_tell(ends[0], &sent, null), 0);
	assert_int_equal(channel_receive(ends[1], false, &got, &fd), CHANNEL_GOT);
	assert_string_equal(got.path, "/etc/a file");
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(S_ISCHR(status.st_mode));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	close(null);
}

static void the_proxys_words_arrive(void **state)
{
	const int *ends = *state;
	struct proxy_message got;

	assert_int_equal(channel_hear(ends[0], &got), CHANNEL_NOTHING);
	assert_int_equal(channel_answer(ends[1], PROXY_RELOAD, 41), 0);
	assert_int_equal(channel_hear(ends[0], &got), CHANNEL_GOT);
	assert_int_equal(got.word, PROXY_RELOAD);
	assert_int_equal(got.asked, 41);
}

/* Sent by hand: what a proxy that somebody else has taken over may try. */
static void a_message_of_another_size_or_word_is_the_end(void **state)
{
	const int *ends = *state;
	const struct proxy_message strange = {.word = (enum proxy_word)99};
	const char bytes[sizeof(strange) + 1] = {0};
	struct proxy_message got;

	assert_int_equal(send(ends[1], bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(channel_hear(ends[0], &got), CHANNEL_OVER);
	assert_int_equal(send(ends[1], bytes, sizeof(strange) - 1, 0), sizeof(strange) - 1);
	assert_int_equal(channel_hear(ends[0], &got), CHANNEL_OVER);
	assert_int_equal(send(ends[1], &strange, sizeof(strange), 0), sizeof(strange));
	assert_int_equal(channel_hear(ends[0], &got), CHANNEL_OVER);
}

static int lowest_free_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void a_descriptor_that_the_proxy_sends_along_is_not_taken(void **state)
{
	const int *ends = *state;
	struct warden_message with_descriptor = {.word = WARDEN_LOAD};
	struct proxy_message got;
	int free_before = lowest_free_descriptor();

	/* The other way round: the proxy's end speaks as the warden's would. */
	assert_int_equal(channel_tell(ends[1], &with_descriptor, 0), 0);
	assert_int_equal(channel_hear(ends[0], &got), CHANNEL_OVER);
	assert_int_equal(lowest_free_descriptor(), free_before);
}

static void the_end_of_either_is_seen_by_the_other(void **state)
{
	int *ends = *state;
	struct warden_message got;
	struct proxy_message heard;
	int fd, other[2];

	close(ends[0]);
	assert_int_equal(channel_receive(ends[1], true, &got, &fd), CHANNEL_OVER);
	assert_int_equal(channel_answer(ends[1], PROXY_LOADED, 0), -1);
	assert_int_equal(channel_open(other), 0);
	close(other[1]);
	assert_int_equal(channel_hear(other[0], &heard), CHANNEL_OVER);
	ends[0] = other[0];
}

static void a_proxy_that_does_not_read_never_blocks_the_warden(void **state)
{
	const int *ends = *state;
	struct warden_message message = {.word = WARDEN_REPORT};
	long sent = 0;

	while (channel_tell(ends[0], &message, -1) == 0)
		sent++;
	assert_int_equal(errno, EAGAIN);
	assert_true(sent > 8);
}

static void only_such_an_end_is_one(void **state)
{
	const int *ends = *state;
	int pair[2];

	assert_true(channel_is_one(ends[1]));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_false(channel_is_one(pair[0]));
	close(pair[0]);
	close(pair[1]);
	assert_false(channel_is_one(pair[0]));
}

#define CHANNEL_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHANNEL_TEST(a_report_arrives_as_it_was_sent),
		CHANNEL_TEST(a_descriptor_comes_with_its_path_and_is_not_inherited),
		CHANNEL_TEST(the_proxys_words_arrive),
		CHANNEL_TEST(a_message_of_another_size_or_word_is_the_end),
		CHANNEL_TEST(a_descriptor_that_the_proxy_sends_along_is_not_taken),
		CHANNEL_TEST(the_end_of_either_is_seen_by_the_other),
		CHANNEL_TEST(a_proxy_that_does_not_read_never_blocks_the_warden),
		CHANNEL_TEST(only_such_an_end_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
