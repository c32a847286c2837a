/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detached threads. */
#include "base/background.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

struct background_job {
	enum background_share share;
	void (*run)(void *arg);
	void *arg;
};

static void *background_run(void *arg)
{
	const struct sched_param none = {0};
	struct background_job job = *(struct background_job *)arg;

	free(arg);
	/* From inside: once idle, a thread can never be more again without a privilege. */
	if (job.share == BACKGROUND_IDLE)
		(void)sched_setscheduler(0, SCHED_IDLE, &none);
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
