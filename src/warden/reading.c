/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads that read a policy: the first that is done has done it, the other one's work is thrown
 * away. */
#include "warden/reading.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "config/files.h"
#include "config/report.h"

struct reader {
	struct reading *reading;
	struct config *config;
	struct config_report *report;
};

struct reading {
	_Atomic unsigned references;    /* the starter's, and one for each thread */
	_Atomic(struct reader *) first; /* who is done */
	struct reader patient, hasty;
	char *path, *text;
	size_t len;
	int fd; /* readable when one is done */
	struct event event;
	reading_done_fn *done;
	void *arg;
};

static void reader_clear(struct reader *reader)
{
	config_unref(reader->config);
	config_report_free(reader->report);
}

static void reading_unref(struct reading *reading)
{
	if (atomic_fetch_sub_explicit(&reading->references, 1, memory_order_acq_rel) != 1)
		return;
	reader_clear(&reading->patient);
	reader_clear(&reading->hasty);
	fd_close(reading->fd);
	free(reading->path);
	free(reading->text);
	free(reading);
}

static void *reader_run(void *arg)
{
	struct reader *reader = arg, *none = NULL;
	struct reading *reading = reader->reading;

	reader->report = config_report_new();
	if (reader->report != NULL)
		reader->config =
			config_parse(reading->path, reading->text, reading->len, reader->report);
	if (atomic_compare_exchange_strong(&reading->first, &none, reader))
		(void)eventfd_write(reading->fd, 1);
	reading_unref(reading);
	return NULL;
}

/* A thread that is no more than idle cannot ever be more again, without a privilege. */
static void *reader_run_idle(void *arg)
{
	const struct sched_param none = {0};

	(void)sched_setscheduler(0, SCHED_IDLE, &none);
	return reader_run(arg);
}

static int reader_start(struct reader *reader, struct reading *reading, void *(*run)(void *arg))
{
	pthread_t thread;

	reader->reading = reading;
	atomic_fetch_add(&reading->references, 1);
	errno = pthread_create(&thread, NULL, run, reader);
	if (errno != 0) {
		atomic_fetch_sub(&reading->references, 1);
		return -1;
	}
	/* Nobody waits for one that is too late. */
	(void)pthread_detach(thread);
	return 0;
}

static void reading_finish(struct reading *reading)
{
	struct reader result = *atomic_load(&reading->first);
	reading_done_fn *done = reading->done;
	void *arg = reading->arg;

	*atomic_load(&reading->first) = (struct reader){.reading = reading};
	reading_unref(reading);
	done(arg, result.config, result.report);
}

static void reading_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct reading *reading = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) == 0)
		reading_finish(reading);
	else if (reader_start(&reading->hasty, reading, reader_run) < 0 ||
		 event_add(&reading->event, NULL) < 0)
		log_error("it takes longer than it should to read the policy file: %m");
}

struct reading *reading_start(struct event_base *base, const struct config_files *files,
			      const char *path, unsigned patience_ms, reading_done_fn *done,
			      void *arg)
{
	const struct timeval patience = {patience_ms / 1000, patience_ms % 1000 * 1000};
	struct reading *reading = calloc(1, sizeof(*reading));

	if (reading == NULL)
		return NULL;
	atomic_init(&reading->references, 1);
	reading->done = done;
	reading->arg = arg;
	reading->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reading->path = strdup(path);
	reading->text = config_files_read(files, path, &reading->len);
	event_assign(&reading->event, base, reading->fd, EV_READ, reading_on_event, reading);
	if (reading->fd >= 0 && reading->path != NULL && reading->text != NULL &&
	    event_add(&reading->event, &patience) == 0 &&
	    reader_start(&reading->patient, reading, reader_run_idle) == 0)
		return reading;
	reading_cancel(reading);
	return NULL;
}

void reading_cancel(struct reading *reading)
{
	if (reading == NULL)
		return;
	event_del(&reading->event);
	reading_unref(reading);
}
