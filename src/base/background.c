/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detached threads. */
#include "base/background.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	BACKGROUND_PIECE_SIZE = 256 * 1024, /* whose pages take some 20 us to be given back */
};

struct background_job {
	enum background_share share;
	void (*run)(void *arg);
	void *arg;
};

static _Thread_local struct {
	bool rests;
	int64_t tired_us;
} background;

static void background_begin(void)
{
	background.tired_us = clock_monotonic_us() + BACKGROUND_STRETCH_US;
}

void background_rest(void)
{
	const struct timespec rest = {0, BACKGROUND_REST_US * 1000L};

	if (!background.rests || clock_monotonic_us() < background.tired_us)
		return;
	(void)nanosleep(&rest, NULL);
	background_begin();
}

void background_discard(const void *bytes, size_t size)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = ((uintptr_t)bytes + page - 1) / page * page;
	const uintptr_t end = ((uintptr_t)bytes + size) / page * page;

	if (!background.rests || bytes == NULL)
		return;
	for (uintptr_t next; at < end; at = next) {
		next = end - at < BACKGROUND_PIECE_SIZE ? end : at + BACKGROUND_PIECE_SIZE;
		(void)madvise((void *)at, next - at, MADV_DONTNEED);
		background_rest();
	}
}

static void *background_run(void *arg)
{
	const struct sched_param none = {0};
	struct background_job job = *(struct background_job *)arg;

	free(arg);
	/* From inside: once idle, a thread can never be more again without a privilege. */
	background.rests = job.share == BACKGROUND_IDLE;
	if (background.rests)
		(void)sched_setscheduler(0, SCHED_IDLE, &none);
	background_begin();
	job.run(job.arg);
	return NULL;
}

int background_start(enum background_share share, void (*run)(void *arg), void *arg)
{
	struct background_job *job = malloc(sizeof(*job));
	pthread_t thread;

	if (job == NULL)
		return -1;
	*job = (struct background_job){share, run, arg};
	errno = pthread_create(&thread, NULL, background_run, job);
	if (errno != 0) {
		free(job);
		return -1;
	}
	(void)pthread_detach(thread);
	return 0;
}
