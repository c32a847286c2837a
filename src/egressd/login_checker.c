/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread that does the slow hashes. Nothing on the data path ever waits for its lock longer
 * than a list operation. */
#include "login_checker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOGIN_JOBS_MAX = 64,
};

struct login_checker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	TAILQ_HEAD(, login_job) jobs;
	unsigned count;
	bool stopping;
};

static struct login_job *login_checker_next(struct login_checker *checker)
{
	struct login_job *job;

	pthread_mutex_lock(&checker->lock);
	while (TAILQ_EMPTY(&checker->jobs) && !checker->stopping)
		pthread_cond_wait(&checker->wake, &checker->lock);
	job = checker->stopping ? NULL : TAILQ_FIRST(&checker->jobs);
	if (job != NULL) {
		TAILQ_REMOVE(&checker->jobs, job, link);
		checker->count--;
	}
	pthread_mutex_unlock(&checker->lock);
	return job;
}

static void *login_checker_run(void *arg)
{
	struct login_checker *checker = arg;
	struct login_job *job;

	while ((job = login_checker_next(checker)) != NULL) {
		job->right = password_matches(job->password, job->password_len, job->hash);
		explicit_bzero(job->password, sizeof(job->password));
		mailbox_post(job->mailbox, &job->answer);
	}
	return NULL;
}

struct login_checker *login_checker_new(void)
{
	struct login_checker *checker = calloc(1, sizeof(*checker));

	if (checker == NULL)
		return NULL;
	TAILQ_INIT(&checker->jobs);
	pthread_mutex_init(&checker->lock, NULL);
	pthread_cond_init(&checker->wake, NULL);
	if (pthread_create(&checker->thread, NULL, login_checker_run, checker) != 0) {
		free(checker);
		errno = EAGAIN;
		return NULL;
	}
	return checker;
}

void login_checker_free(struct login_checker *checker)
{
	if (checker == NULL)
		return;
	pthread_mutex_lock(&checker->lock);
	checker->stopping = true;
	pthread_cond_signal(&checker->wake);
	pthread_mutex_unlock(&checker->lock);
	pthread_join(checker->thread, NULL);
	pthread_cond_destroy(&checker->wake);
	pthread_mutex_destroy(&checker->lock);
	free(checker);
}

int login_checker_add(struct login_checker *checker, struct login_job *job)
{
	bool full;

	pthread_mutex_lock(&checker->lock);
	full = checker->count >= LOGIN_JOBS_MAX;
	if (!full) {
		TAILQ_INSERT_TAIL(&checker->jobs, job, link);
		checker->count++;
		pthread_cond_signal(&checker->wake);
	}
	pthread_mutex_unlock(&checker->lock);
	if (full)
		errno = EAGAIN;
	return full ? -1 : 0;
}
