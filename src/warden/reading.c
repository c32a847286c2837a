/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who reads a policy: the first that is done has done it, the other one's work is thrown away. */
#include "warden/reading.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/background.h"
#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "config/files.h"
#include "config/report.h"

struct reader {
	struct reading *reading;
	struct reading_result result;
};

struct reading {
	_Atomic unsigned references;    /* the starter's, and one for each reader */
	_Atomic(struct reader *) first; /* who is done */
	struct reader patient, hasty;
	struct config_files *files; /* as they were given */
	const char *path;
	int fd; /* readable when one is done */
	struct event event;
	reading_done_fn *done;
	void *arg;
};

void reading_do(struct reading_result *result, const char *path)
{
	result->found = config_report_new();
	if (result->found == NULL)
		return;
	if (path != NULL && config_files_add(result->files, path) < 0)
		config_report_add(result->found, PROBLEM_ERROR, &(struct place){0}, NULL,
				  "cannot be read: %s", strerror(errno));
	else
		result->config = config_files_load(
			result->files, config_files_path(result->files, 0), result->found);
}

void reading_clear(struct reading_result *result)
{
	config_files_free(result->files);
	config_unref(result->config);
	config_report_free(result->found);
	*result = (struct reading_result){0};
}

static void result_free(void *arg)
{
	reading_clear(arg);
	free(arg);
}

void reading_retire(struct config *config, struct config_files *files)
{
	struct reading_result retired = {.config = config, .files = files};
	struct reading_result *result = malloc(sizeof(*result));

	if (result != NULL)
		*result = retired;
	if (result != NULL && background_start(BACKGROUND_IDLE, result_free, result) == 0)
		return;
	free(result);
	reading_clear(&retired);
}

static void reading_unref(struct reading *reading)
{
	if (atomic_fetch_sub_explicit(&reading->references, 1, memory_order_acq_rel) != 1)
		return;
	reading_clear(&reading->patient.result);
	reading_clear(&reading->hasty.result);
	config_files_free(reading->files);
	fd_close(reading->fd);
	free(reading);
}

static void reader_run(void *arg)
{
	struct reader *reader = arg, *none = NULL;
	struct reading *reading = reader->reading;

	reading_do(&reader->result, reading->path);
	if (atomic_compare_exchange_strong(&reading->first, &none, reader))
		(void)eventfd_write(reading->fd, 1);
	reading_unref(reading);
}

static int reader_start(struct reader *reader, struct reading *reading, enum background_share share)
{
	reader->result.files = config_files_dup(reading->files);
	if (reader->result.files == NULL)
		return -1;
	reader->reading = reading;
	atomic_fetch_add(&reading->references, 1);
	if (background_start(share, reader_run, reader) == 0)
		return 0;
	atomic_fetch_sub(&reading->references, 1);
	reader->reading = NULL;
	reading_clear(&reader->result);
	return -1;
}

static void reading_finish(struct reading *reading)
{
	struct reader *first = atomic_load(&reading->first);
	struct reading_result result = first->result;

	event_del(&reading->event);
	first->result = (struct reading_result){0};
	reading->done(reading->arg, &result);
	reading_clear(&result);
	reading_unref(reading);
}

/* Who cannot be hurried now is waited for all the same, and hurried the next time. */
static void reading_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct reading *reading = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) == 0)
		reading_finish(reading);
	else if (reading->hasty.reading == NULL &&
		 reader_start(&reading->hasty, reading, BACKGROUND_ORDINARY) < 0)
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
	reading->path = path;
	reading->files = config_files_dup(files);
	event_assign(&reading->event, base, reading->fd, EV_READ | EV_PERSIST, reading_on_event,
		     reading);
	if (reading->fd >= 0 && reading->files != NULL &&
	    event_add(&reading->event, &patience) == 0 &&
	    reader_start(&reading->patient, reading, BACKGROUND_IDLE) == 0)
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
