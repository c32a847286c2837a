/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A policy is read beside everything else, and is read however busy the machine is. */
#include "warden/reading.h"

#include <event2/event.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "base/fd.h"
#include "config/config.h"
#include "config/files.h"
#include "config/report.h"

enum {
	FOR_EVER_MS = 60 * 1000,
};

/* Who wants to be no more than idle gets no processor until there is one. */
static sem_t processor, running;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) of the C library's header */
int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	(void)pid, (void)param;
	assert_int_equal(policy, SCHED_IDLE);
	while (sem_wait(&processor) < 0) {
	}
	sem_post(&running);
	return 0;
}

/* To the one reader that waits, and to none that comes later: this waits until it is taken. */
static void give_a_processor(void)
{
	sem_post(&processor);
	while (sem_wait(&running) < 0) {
	}
}

/* Of a reader's thread, in nanoseconds of its own time. One that is too late may still be at it. */
static _Thread_local int64_t rested_ns;
static _Atomic int64_t worked_ns, longest_ns;

/* A rest takes no time here. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) of the C library's header */
int nanosleep(const struct timespec *rest, struct timespec *left)
{
	struct timespec now;
	int64_t stretch_ns, longest = atomic_load(&longest_ns);

	(void)rest, (void)left;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	stretch_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - rested_ns;
	rested_ns += stretch_ns;
	atomic_fetch_add(&worked_ns, stretch_ns);
	while (stretch_ns > longest &&
	       !atomic_compare_exchange_weak(&longest_ns, &longest, stretch_ns)) {
	}
	return 0;
}

struct result {
	struct event_base *base;
	int count;
	struct config *config;
	char *report;
};

static void on_done(void *arg, struct reading_result *read)
{
	struct result *result = arg;

	result->count++;
	result->config = read->config;
	read->config = NULL;
	result->report = config_report_text(read->found, "test.conf");
	event_base_loopbreak(result->base);
}

static struct reading *start(struct result *result, const char *text, unsigned patience_ms)
{
	struct config_files *files = config_files_new();
	struct reading *reading;
	int fd = memfd_create("test", 0);

	assert_non_null(files);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(config_files_take(files, "test.conf", 9, fd), 0);
	*result = (struct result){.base = event_base_new()};
	reading = reading_start(result->base, files, NULL, patience_ms, on_done, result);
	config_files_free(files);
	assert_non_null(reading);
	return reading;
}

static void finish(struct result *result)
{
	event_base_free(result->base);
	config_unref(result->config);
	free(result->report);
}

#define POLICY "listen mixed 127.0.0.1:8118\negress out direct\ndefault out\n"

static void what_was_read_is_given_once_to_who_started_it(void **state)
{
	struct result result;

	(void)state;
	(void)start(&result, POLICY, FOR_EVER_MS);
	assert_int_equal(result.count, 0);
	give_a_processor();
	event_base_dispatch(result.base);
	assert_int_equal(result.count, 1);
	assert_non_null(result.config);
	assert_int_equal(result.config->listener_count, 1);
	assert_string_equal(result.report, "");
	finish(&result);
}

static void what_is_wrong_is_told(void **state)
{
	struct result result;

	(void)state;
	(void)start(&result, POLICY "nonsense\n", FOR_EVER_MS);
	give_a_processor();
	event_base_dispatch(result.base);
	assert_null(result.config);
	assert_non_null(strstr(result.report, "test.conf:4:1: error:"));
	finish(&result);
}

static void a_file_that_is_not_there_is_told(void **state)
{
	struct result result = {.base = event_base_new()};

	(void)state;
	assert_non_null(reading_start(result.base, NULL, "/nowhere/egress.conf", FOR_EVER_MS,
				      on_done, &result));
	give_a_processor();
	event_base_dispatch(result.base);
	assert_null(result.config);
	assert_non_null(strstr(result.report, "error: cannot be read: No such file"));
	finish(&result);
}

static void who_gave_up_hears_nothing(void **state)
{
	struct result result;

	(void)state;
	reading_cancel(start(&result, POLICY, FOR_EVER_MS));
	give_a_processor();
	/* Nothing is left to wait for. */
	assert_int_equal(event_base_dispatch(result.base), 1);
	assert_int_equal(result.count, 0);
	finish(&result);
}

static void a_machine_that_is_busy_without_a_pause_keeps_no_policy_from_being_read(void **state)
{
	struct result result;

	(void)state;
	(void)start(&result, POLICY, 1);
	event_base_dispatch(result.base);
	assert_int_equal(result.count, 1);
	assert_non_null(result.config);
	/* Who is too late is heard of no more. */
	give_a_processor();
	assert_int_equal(event_base_loop(result.base, EVLOOP_NONBLOCK), 1);
	assert_int_equal(result.count, 1);
	finish(&result);
}

static char *policy_of_names(unsigned count, unsigned a_line)
{
	size_t size = 256 + (size_t)count * 32, len;
	char *text = malloc(size);

	assert_non_null(text);
	len = (size_t)snprintf(text, size,
			       "listen mixed 127.0.0.1:8118\negress out direct\nset names ");
	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, size - len, "%sname%u.example.org",
					i == 0            ? ""
					: i % a_line == 0 ? ",\n"
							  : ", ",
					i);
	(void)snprintf(text + len, size - len, "\nblock to set names\ndefault out\n");
	return text;
}

/* Compared with all of its work, whatever the machine: a part of it that never rests, such as its
 * first look at every name, shows. */
static void reading_names_without_end_rests_all_the_time(void **state)
{
	static const unsigned in_a_line[] = {1, 100000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(in_a_line); i++) {
		char *text = policy_of_names(300000, in_a_line[i]);
		struct result result;

		atomic_store(&worked_ns, 0);
		atomic_store(&longest_ns, 0);
		(void)start(&result, text, FOR_EVER_MS);
		give_a_processor();
		event_base_dispatch(result.base);
		assert_non_null(result.config);
		print_message("worked for %ld ms, %ld ms at a time at most\n",
			      (long)(worked_ns / 1000000), (long)(longest_ns / 1000000));
		assert_in_range(longest_ns, 1, worked_ns / 10);
		finish(&result);
		free(text);
	}
}

static int setup(void **state)
{
	(void)state;
	return sem_init(&processor, 0, 0) < 0 || sem_init(&running, 0, 0) < 0 ? -1 : 0;
}

static void who_cannot_be_hurried_is_waited_for_and_hurried_later(void **state)
{
	struct rlimit limit, none;
	struct result result;

	(void)state;
	(void)start(&result, POLICY, 1);
	/* No descriptor, no second reader. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(event_base_loop(result.base, EVLOOP_ONCE), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(result.count, 0);
	event_base_dispatch(result.base);
	assert_int_equal(result.count, 1);
	assert_non_null(result.config);
	give_a_processor();
	finish(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_read_is_given_once_to_who_started_it),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(a_file_that_is_not_there_is_told),
		cmocka_unit_test(who_gave_up_hears_nothing),
		cmocka_unit_test(
			a_machine_that_is_busy_without_a_pause_keeps_no_policy_from_being_read),
		cmocka_unit_test(who_cannot_be_hurried_is_waited_for_and_hurried_later),
		cmocka_unit_test(reading_names_without_end_rests_all_the_time),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
