/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is idle holds no pipe, neither a session nor the pool. */
#include "net/pipe_pool.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	PIPES = 3,
};

/* How large a pipe is said to be; 0: as it is. */
static int said_size;
static unsigned asked;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) of the C library's header */
int fcntl(int fd, int command, ...)
{
	va_list arguments;
	int argument = 0;

	va_start(arguments, command);
	if (command == F_SETPIPE_SZ)
		argument = va_arg(arguments, int);
	va_end(arguments);
	asked += command == F_GETPIPE_SZ;
	if (command == F_GETPIPE_SZ && said_size > 0)
		return said_size;
	return (int)syscall(SYS_fcntl, fd, command, argument);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void spares_are_closed_when_nobody_has_needed_them(void **state)
{
	struct pipe_pool *pool = pipe_pool_new(PIPES);
	struct pooled_pipe *pipes[PIPES];
	int fds[PIPES];

	(void)state;
	for (size_t i = 0; i < PIPES; i++) {
		pipes[i] = pipe_pool_take(pool);
		assert_non_null(pipes[i]);
		fds[i] = pipes[i]->read_fd;
	}
	assert_null(pipe_pool_take(pool));
	for (size_t i = 0; i < PIPES; i++)
		pipe_pool_give(pool, pipes[i]);
	/* All were needed a moment ago. */
	pipe_pool_trim(pool);
	assert_ptr_equal(pipe_pool_take(pool), pipes[PIPES - 1]);
	pipe_pool_give(pool, pipes[PIPES - 1]);
	/* One was, since. */
	pipe_pool_trim(pool);
	assert_true(is_open(fds[0]) != is_open(fds[PIPES - 1]));
	pipe_pool_trim(pool);
	for (size_t i = 0; i < PIPES; i++)
		assert_false(is_open(fds[i]));
	/* And there may be as many again. */
	for (size_t i = 0; i < PIPES; i++)
		assert_non_null(pipes[i] = pipe_pool_take(pool));
	for (size_t i = 0; i < PIPES; i++)
		pipe_pool_give(pool, pipes[i]);
	pipe_pool_free(pool);
}

static void a_pipe_with_bytes_in_it_reaches_nobody_else(void **state)
{
	struct pipe_pool *pool = pipe_pool_new(1);
	struct pooled_pipe *pipe = pipe_pool_take(pool);
	int fd;

	(void)state;
	assert_non_null(pipe);
	fd = pipe->read_fd;
	assert_int_equal(write(pipe->write_fd, "x", 1), 1);
	pipe->bytes = 1;
	pipe_pool_give(pool, pipe);
	assert_false(is_open(fd));
	pipe = pipe_pool_take(pool);
	assert_non_null(pipe);
	assert_int_equal(pipe->bytes, 0);
	pipe_pool_give(pool, pipe);
	pipe_pool_free(pool);
}

/* Others of the uid have it all; later they give some of it back. */
static void a_budget_that_was_used_up_is_asked_for_once_and_again_after_a_while(void **state)
{
	struct pipe_pool *pool = pipe_pool_new(PIPES);
	struct pooled_pipe *pipe;

	(void)state;
	asked = 0;
	said_size = 2 * PIPE_BUF;
	assert_null(pipe_pool_take(pool));
	assert_null(pipe_pool_take(pool));
	assert_int_equal(asked, 1);
	said_size = 1024 * 1024;
	assert_null(pipe_pool_take(pool));
	pipe_pool_trim(pool);
	pipe = pipe_pool_take(pool);
	assert_non_null(pipe);
	pipe_pool_give(pool, pipe);
	pipe_pool_free(pool);
	said_size = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spares_are_closed_when_nobody_has_needed_them),
		cmocka_unit_test(a_pipe_with_bytes_in_it_reaches_nobody_else),
		cmocka_unit_test(
			a_budget_that_was_used_up_is_asked_for_once_and_again_after_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
