/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log's way out: whole lines, in order, and nobody waits for who reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"

enum {
	LINES = 4000,
	THREADS = 3,
	PATIENCE_S = 60, /* then SIGALRM ends a test that hangs */
};

/* Time stands for a writer that gathers, until the test says that it has passed. */
static _Atomic bool time_stands;
static _Atomic(sem_t *) gathering;
static sem_t gathers;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) of the C library's header */
int sem_clockwait(sem_t *wake, clockid_t clock, const struct timespec *until)
{
	int (*wait)(sem_t *, clockid_t, const struct timespec *);

	*(void **)&wait = dlsym(RTLD_NEXT, "sem_clockwait");
	if (!atomic_load(&time_stands))
		return wait(wake, clock, until);
	atomic_store(&gathering, wake);
	sem_post(&gathers);
	return sem_wait(wake);
}

/* The writer looks at the clock after it has looked for lines, and before it says that it gathers.
 */
static _Atomic bool clock_is_held;
static sem_t about_to_gather, may_gather;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) of the C library's header */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock == CLOCK_MONOTONIC && atomic_exchange(&clock_is_held, false)) {
		sem_post(&about_to_gather);
		while (sem_wait(&may_gather) < 0)
			;
	}
	return (int)syscall(SYS_clock_gettime, clock, now);
}

static void stop_time(void)
{
	sem_init(&gathers, 0, 0);
	atomic_store(&time_stands, true);
}

static void wait_until_it_gathers(void)
{
	while (sem_wait(&gathers) < 0)
		;
}

static void let_time_pass(void)
{
	sem_post(atomic_load(&gathering));
}

static void start_time(void)
{
	atomic_store(&time_stands, false);
	let_time_pass();
}

/* Writes its first line, and gathers until the test lets time pass. */
static void start_gathering(void)
{
	stop_time();
	assert_int_equal(log_writer_start(), 0);
	log_info("first");
	wait_until_it_gathers();
}

static void stop_gathering(void)
{
	wait_until_it_gathers();
	start_time();
	log_writer_stop();
}

struct capture {
	int saved, ends[2];
};

static int setup(void **state)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (capture == NULL || pipe(capture->ends) < 0)
		return -1;
	capture->saved = dup(STDERR_FILENO);
	*state = capture;
	alarm(PATIENCE_S);
	log_configure(LOG_INFO, LOG_TEXT);
	return dup2(capture->ends[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct capture *capture = *state;

	alarm(0);
	dup2(capture->saved, STDERR_FILENO);
	close(capture->saved);
	close(capture->ends[0]);
	if (capture->ends[1] >= 0)
		close(capture->ends[1]);
	free(capture);
	return 0;
}

/* Nobody else can write from now on, so that a reader sees the end. */
static void capture_end(struct capture *capture)
{
	dup2(capture->saved, STDERR_FILENO);
	close(capture->ends[1]);
	capture->ends[1] = -1;
}

static FILE *capture_open(struct capture *capture)
{
	FILE *file = fdopen(dup(capture->ends[0]), "r");

	assert_non_null(file);
	return file;
}

/* As much as goes into the pipe and is no line of ours. */
static void capture_fill(const struct capture *capture)
{
	int flags = fcntl(capture->ends[1], F_GETFL);

	assert_int_equal(fcntl(capture->ends[1], F_SETFL, flags | O_NONBLOCK), 0);
	while (write(capture->ends[1], "filled\n", 7) > 0)
		;
	assert_int_equal(fcntl(capture->ends[1], F_SETFL, flags), 0);
}

static void *log_many(void *arg)
{
	const unsigned *thread = arg;

	for (int i = 0; i < LINES; i++)
		log_info("thread %u line %d %s", *thread, i, "of many, long enough to fill a pipe");
	return NULL;
}

/* What stands there in the line; UINTMAX_MAX: nothing. */
static uintmax_t number_after(const char *line, const char *words)
{
	const char *at = strstr(line, words);

	return at == NULL ? UINTMAX_MAX : strtoumax(at + strlen(words), NULL, 10);
}

/* Of each writer every line, in its order, and nothing else. */
static void expect_all(FILE *file, unsigned writers)
{
	int next[THREADS + 1] = {0};
	char line[256], expected[256];
	uintmax_t thread;

	while (fgets(line, sizeof(line), file) != NULL) {
		thread = number_after(line, " info  thread ");
		assert_true(thread < writers);
		snprintf(expected, sizeof(expected),
			 " info  thread %ju line %d of many, long enough to fill a pipe\n", thread,
			 next[thread]++);
		assert_string_equal(strchr(line, ' '), expected);
	}
	for (unsigned i = 0; i < writers; i++)
		assert_int_equal(next[i], LINES);
}

static void lines_of_a_thread_keep_their_order_and_none_are_mixed(void **state)
{
	struct capture *capture = *state;
	unsigned numbers[THREADS + 1] = {0, 1, 2, 3};
	pthread_t threads[THREADS];
	FILE *file = capture_open(capture);
	pid_t child = fork(), other;
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		/* As the warden does beside the proxy. */
		other = fork();
		if (other == 0) {
			log_many(&numbers[THREADS]);
			_exit(0);
		}
		if (log_writer_start() < 0)
			_exit(1);
		for (unsigned i = 0; i < THREADS; i++) {
			if (pthread_create(&threads[i], NULL, log_many, &numbers[i]) != 0)
				_exit(1);
		}
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		waitpid(other, NULL, 0);
		log_writer_stop();
		_exit(log_lines_lost() > 0);
	}
	capture_end(capture);
	expect_all(file, THREADS + 1);
	fclose(file);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* In this mode of a pipe a write is a packet, and one of more than PIPE_BUF is several. */
static void each_write_to_a_pipe_is_whole_lines_that_go_in_at_once(void **state)
{
	struct capture *capture = *state;
	unsigned lines = 0;
	char out[PIPE_BUF];

	assert_int_equal(fcntl(capture->ends[1], F_SETFL, O_DIRECT), 0);
	capture_fill(capture);
	assert_int_equal(log_writer_start(), 0);
	for (int i = 0; i < LINES; i++)
		log_info("line %d of many, long enough to fill a pipe", i);
	while (lines < LINES) {
		ssize_t len = read(capture->ends[0], out, sizeof(out));

		assert_true(len > 0);
		assert_int_equal(out[len - 1], '\n');
		for (ssize_t i = 0; i < len && len != (ssize_t)strlen("filled\n"); i++)
			lines += out[i] == '\n';
	}
	log_writer_stop();
}

/* A packet, without its NUL. */
static void expect_lines(const struct capture *capture, int first, int count)
{
	char out[PIPE_BUF + 1], *at = out;
	ssize_t len = read(capture->ends[0], out, PIPE_BUF);

	assert_true(len > 0);
	out[len] = '\0';
	for (int i = first; i < first + count; i++) {
		assert_int_equal(number_after(at, " paced "), i);
		at = strchr(at, '\n') + 1;
	}
	assert_int_equal(*at, '\0');
}

/* At a thousand lines a second a write for each would cost more than all that they tell of. */
static void lines_that_come_one_by_one_are_written_together(void **state)
{
	struct capture *capture = *state;
	int line = 0;

	assert_int_equal(fcntl(capture->ends[1], F_SETFL, O_DIRECT), 0);
	stop_time();
	assert_int_equal(log_writer_start(), 0);
	log_info("paced %d", line++);
	expect_lines(capture, 0, 1);
	/* Again and again, not only after the first. */
	for (int i = 0; i < 3; i++) {
		wait_until_it_gathers();
		for (int j = 0; j < 5; j++)
			log_info("paced %d", line++);
		let_time_pass();
		expect_lines(capture, line - 5, 5);
	}
	stop_gathering();
}

static void after_many_lines_more_are_gathered_too(void **state)
{
	struct capture *capture = *state;
	FILE *file = capture_open(capture);
	char line[256];

	start_gathering();
	/* Two batches of a pipe, the second one more than half full. */
	for (int i = 0; i < 80; i++)
		log_info("line %d of many, long enough to be more than can be gathered", i);
	let_time_pass();
	for (int i = 0; i < 81; i++)
		assert_non_null(fgets(line, sizeof(line), file));
	stop_gathering();
	fclose(file);
}

static void what_may_not_wait_is_written_though_more_could_be_gathered(void **state)
{
	struct capture *capture = *state;
	FILE *file = capture_open(capture);
	char line[256];

	start_gathering();
	log_info("not alone");
	log_error("no more of this");
	for (int i = 0; i < 3; i++)
		assert_non_null(fgets(line, sizeof(line), file));
	wait_until_it_gathers();
	/* More than half of what there is room for. */
	for (int i = 0; i < LINES; i++)
		log_info("line %d of many, long enough to fill the room that there is", i);
	for (int i = 0; i < LINES; i++) {
		assert_non_null(fgets(line, sizeof(line), file));
		assert_int_equal(number_after(line, " line "), i);
		/* Those that came after that may wait. */
		if (i == LINES / 2)
			start_time();
	}
	log_writer_stop();
	fclose(file);
}

static void an_error_between_the_last_look_and_the_rest_is_not_overlooked(void **state)
{
	struct capture *capture = *state;
	FILE *file = capture_open(capture);
	char line[256];

	stop_time();
	sem_init(&about_to_gather, 0, 0);
	sem_init(&may_gather, 0, 0);
	atomic_store(&clock_is_held, true);
	assert_int_equal(log_writer_start(), 0);
	log_info("first");
	while (sem_wait(&about_to_gather) < 0)
		;
	log_error("just now");
	sem_post(&may_gather);
	for (int i = 0; i < 2; i++)
		assert_non_null(fgets(line, sizeof(line), file));
	assert_non_null(strstr(line, "just now"));
	stop_gathering();
	fclose(file);
}

static void what_was_logged_last_is_written_before_the_end(void **state)
{
	struct capture *capture = *state;
	char out[4096];
	ssize_t len;

	assert_int_equal(log_writer_start(), 0);
	for (int i = 0; i < 20; i++)
		log_info("last words %d", i);
	log_writer_stop();
	len = read(capture->ends[0], out, sizeof(out) - 1);
	assert_true(len > 0);
	out[len] = '\0';
	assert_non_null(strstr(out, " last words 19\n"));
	/* And what comes after that is written at once. */
	log_info("ended");
	len = read(capture->ends[0], out, sizeof(out) - 1);
	assert_true(len > 0 && memcmp(out + len - 7, " ended\n", 7) == 0);
}

/* An error must not wait for more to be gathered, nor a single line for others. */
static void a_line_comes_though_nothing_else_does(void **state)
{
	struct capture *capture = *state;
	FILE *file = capture_open(capture);
	char line[256];

	assert_int_equal(log_writer_start(), 0);
	for (int i = 0; i < 50; i++) {
		if (i % 2 == 0)
			log_error("alone %d", i);
		else
			log_info("alone %d", i);
		assert_non_null(fgets(line, sizeof(line), file));
		assert_int_equal(number_after(line, " alone "), i);
	}
	log_writer_stop();
	fclose(file);
}

static void an_unread_log_stops_nobody_and_the_loss_is_told(void **state)
{
	struct capture *capture = *state;
	uint64_t before = log_lines_lost(), lost;
	unsigned logged = 0;
	uintmax_t told = 0, seen = 0;
	FILE *file = capture_open(capture);
	char line[256];

	capture_fill(capture);
	assert_int_equal(log_writer_start(), 0);
	while (log_lines_lost() < before + 1000)
		log_info("line %u of many, and nobody reads a single one of them", logged++);
	lost = log_lines_lost() - before;
	while (told < lost) {
		assert_non_null(fgets(line, sizeof(line), file));
		if (strstr(line, " info  line ") != NULL)
			/* The oldest are kept. */
			assert_int_equal(number_after(line, " info  line "), seen++);
		else if (strstr(line, " warn  log lines lost ") != NULL)
			told += number_after(line, " count=");
		else
			assert_string_equal(line, "filled\n");
	}
	assert_int_equal(told, lost);
	log_info("line %u, read again", logged);
	while (strstr(line, "read again\n") == NULL) {
		assert_non_null(fgets(line, sizeof(line), file));
		seen += strstr(line, " info  line ") != NULL;
	}
	assert_int_equal(seen + lost, logged + 1);
	log_writer_stop();
	fclose(file);
}

static void an_unread_log_does_not_keep_a_process_from_ending(void **state)
{
	struct capture *capture = *state;
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		capture_fill(capture);
		if (log_writer_start() < 0)
			_exit(1);
		log_error("nobody reads this");
		log_writer_stop();
		_exit(7);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void without_a_writer_an_unread_log_stops_nobody_either(void **state)
{
	struct capture *capture = *state;
	uint64_t before = log_lines_lost();
	char line[256], expected[64];
	FILE *file;

	capture_fill(capture);
	log_never_wait();
	assert_int_not_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	/* Who else has the pipe did not ask for that. */
	assert_int_equal(fcntl(capture->ends[1], F_GETFL) & O_NONBLOCK, 0);
	for (int i = 0; i < 3000; i++)
		log_error("nobody reads this");
	assert_int_equal(log_lines_lost() - before, 3000);
	file = capture_open(capture);
	for (int i = 0; i < 4096; i++)
		assert_non_null(fgets(line, sizeof(line), file));
	log_info("read again");
	do {
		assert_non_null(fgets(line, sizeof(line), file));
	} while (strcmp(line, "filled\n") == 0);
	snprintf(expected, sizeof(expected), " warn  log lines lost count=%d ", 3000);
	assert_non_null(strstr(line, expected));
	assert_non_null(fgets(line, sizeof(line), file));
	assert_non_null(strstr(line, " info  read again\n"));
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			lines_of_a_thread_keep_their_order_and_none_are_mixed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			each_write_to_a_pipe_is_whole_lines_that_go_in_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_that_come_one_by_one_are_written_together,
						setup, teardown),
		cmocka_unit_test_setup_teardown(after_many_lines_more_are_gathered_too, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			what_may_not_wait_is_written_though_more_could_be_gathered, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			an_error_between_the_last_look_and_the_rest_is_not_overlooked, setup,
			teardown),
		cmocka_unit_test_setup_teardown(what_was_logged_last_is_written_before_the_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_comes_though_nothing_else_does, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_unread_log_stops_nobody_and_the_loss_is_told,
						setup, teardown),
		cmocka_unit_test_setup_teardown(an_unread_log_does_not_keep_a_process_from_ending,
						setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_writer_an_unread_log_stops_nobody_either,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
