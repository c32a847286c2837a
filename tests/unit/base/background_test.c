/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long work in the background gives the processor back all the time; no other work pauses. */
#include "base/background.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

enum {
	STRETCHES = 100,
};

struct work {
	long calls; /* of background_rest */
	long rests; /* how often the thread let go of the processor by itself */
	sem_t done;
};

static long times_given_back(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/* Of the processor's time: on a busy machine all the rest of it may be somebody else's. */
static int64_t worked_us(void)
{
	struct timespec worked;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &worked);
	return (int64_t)worked.tv_sec * 1000000 + worked.tv_nsec / 1000;
}

static void work(void *arg)
{
	struct work *work = arg;
	long before = times_given_back();
	int64_t end_us = worked_us() + STRETCHES * BACKGROUND_STRETCH_US;

	for (; worked_us() < end_us; work->calls++)
		background_rest();
	work->rests = times_given_back() - before;
	sem_post(&work->done);
}

static void work_in(enum background_share share, struct work *job)
{
	*job = (struct work){0};
	sem_init(&job->done, 0, 0);
	assert_int_equal(background_start(share, work, job), 0);
	while (sem_wait(&job->done) < 0) {
	}
	sem_destroy(&job->done);
}

static void idle_work_rests_again_and_again(void **state)
{
	struct work job;

	(void)state;
	work_in(BACKGROUND_IDLE, &job);
	/* Time that was stolen from this machine may count as worked. */
	assert_in_range(job.rests, STRETCHES / 10, job.calls / 2);
}

static void no_other_work_ever_rests(void **state)
{
	struct work job;

	(void)state;
	work_in(BACKGROUND_ORDINARY, &job);
	assert_int_equal(job.rests, 0);
	job = (struct work){0};
	sem_init(&job.done, 0, 0);
	work(&job);
	assert_int_equal(job.rests, 0);
	sem_destroy(&job.done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_work_rests_again_and_again),
		cmocka_unit_test(no_other_work_ever_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
