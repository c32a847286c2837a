/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long work in the background gives the processor back all the time; no other work pauses. */
#include "base/background.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/clock.h"

enum {
	STRETCHES = 50,
};

struct work {
	long rests; /* how often the thread let go of the processor by itself */
	sem_t done;
};

static long times_given_back(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

static void work(void *arg)
{
	struct work *work = arg;
	long before = times_given_back();
	int64_t end = clock_monotonic_us() + STRETCHES * BACKGROUND_STRETCH_US;

	while (clock_monotonic_us() < end)
		background_rest();
	work->rests = times_given_back() - before;
	sem_post(&work->done);
}

static long work_in(enum background_share share)
{
	struct work job = {0};

	sem_init(&job.done, 0, 0);
	assert_int_equal(background_start(share, work, &job), 0);
	while (sem_wait(&job.done) < 0) {
	}
	sem_destroy(&job.done);
	return job.rests;
}

static void idle_work_rests_again_and_again(void **state)
{
	long rests = work_in(BACKGROUND_IDLE);

	(void)state;
	assert_in_range(rests, 1, STRETCHES);
}

static void no_other_work_ever_rests(void **state)
{
	struct work job = {0};

	(void)state;
	assert_int_equal(work_in(BACKGROUND_ORDINARY), 0);
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
