/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes lines so that who logs never waits for who reads, and counts what is lost by that. */
#include "log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "log_ring.h"

enum {
	SINK_BATCH = 64 * 1024,
	SINK_GATHER_MS = 20, /* a write costs as much as a tenth of a connection */
	SINK_END_S = 1,      /* at most, for a log that nobody reads */
};

enum sink_rest {
	SINK_AWAKE,
	SINK_GATHERS, /* and looks again by itself */
	SINK_SLEEPS,
};

static struct {
	bool never_waits;
	_Atomic bool threaded; /* lines go by the rings */
	_Atomic bool stopping;
	_Atomic int rest;   /* enum sink_rest; whoever makes it SINK_AWAKE posts wake */
	_Atomic bool hurry; /* since the writer last looked, a line came that may not wait */
	sem_t wake;
	pthread_t thread;
	_Atomic(struct log_ring *) rings; /* a ring outlives its thread: what is in it counts */
	_Atomic uint64_t lost;            /* beside those of the rings */
	_Atomic uint64_t told;            /* of all that were lost */
} sink;

static _Thread_local struct log_ring *sink_own_ring;

uint64_t log_lines_lost(void)
{
	uint64_t lost = atomic_load_explicit(&sink.lost, memory_order_relaxed);

	for (const struct log_ring *ring = atomic_load(&sink.rings); ring != NULL;
	     ring = ring->next)
		lost += atomic_load_explicit(&ring->lost, memory_order_relaxed);
	return lost;
}

/* Whoever reads a pipe may stop reading, and the next write would wait for ever. O_NONBLOCK belongs
 * to the open file, which our parent and our children share: set on standard error as it is, their
 * writes would fail too. So the pipe is opened a second time, and only ours does not wait. */
void log_never_wait(void)
{
	struct stat status;
	int fd;

	sink.never_waits = true;
	if (fstat(STDERR_FILENO, &status) < 0 || !S_ISFIFO(status.st_mode))
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)dup2(fd, STDERR_FILENO);
	fd_close(fd);
}

/* False: it would have to wait, or part of it would. What fails otherwise has nobody left to tell.
 */
static bool sink_write_now(const char *bytes, size_t len)
{
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};

	/* A pipe that could not be opened anew, a socket, a terminal. */
	if (sink.never_waits && poll(&room, 1, 0) == 0)
		return false;
	return write(STDERR_FILENO, bytes, len) >= 0 || errno != EAGAIN;
}

/* In the writer's thread: waits as long as it takes. */
static bool sink_write_all(const char *bytes, size_t len)
{
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};

	while (len > 0) {
		ssize_t written = write(STDERR_FILENO, bytes, len);

		if (written < 0 && errno != EAGAIN)
			break;
		if (written < 0) {
			(void)poll(&room, 1, -1);
			continue;
		}
		bytes += written;
		len -= (size_t)written;
	}
	return true;
}

/* Says how many lines were lost since it was said last. False: that cannot be written either. */
static bool sink_tell_lost(bool write_line(const char *bytes, size_t len))
{
	uint64_t told = atomic_load_explicit(&sink.told, memory_order_relaxed);
	uint64_t lost = log_lines_lost();
	struct log_line line;

	if (lost == told)
		return true;
	log_begin(&line, LOG_WARN, "log lines lost");
	log_field_number(&line, "count", (int64_t)(lost - told));
	log_field(&line, "reason", "nobody reads the log, or not fast enough");
	log_line_finish(&line);
	if (line.enabled && !write_line(line.text.bytes, line.text.len))
		return false;
	atomic_store_explicit(&sink.told, lost, memory_order_relaxed);
	return true;
}

static struct log_ring *sink_ring(void)
{
	struct log_ring *ring = sink_own_ring;

	if (ring != NULL)
		return ring;
	ring = calloc(1, sizeof(*ring));
	if (ring == NULL)
		return NULL;
	ring->next = atomic_load(&sink.rings);
	while (!atomic_compare_exchange_weak(&sink.rings, &ring->next, ring))
		;
	sink_own_ring = ring;
	return ring;
}

static void sink_wake(void)
{
	if (atomic_exchange(&sink.rest, SINK_AWAKE) != SINK_AWAKE)
		sem_post(&sink.wake);
}

/* A line was put. Whoever says first what the other looks at next: a writer that is about to rest
 * sees hurry, or is seen to rest. */
static void sink_note(bool hurry)
{
	if (hurry)
		atomic_store(&sink.hurry, true);
	if (atomic_load(&sink.rest) > (hurry ? SINK_AWAKE : SINK_GATHERS))
		sink_wake();
}

void log_sink_put(const char *line, size_t len, bool urgent)
{
	struct log_ring *ring;

	if (!atomic_load_explicit(&sink.threaded, memory_order_relaxed)) {
		/* No line after a gap that is not told of. */
		if (!sink_tell_lost(sink_write_now) || !sink_write_now(line, len))
			atomic_fetch_add(&sink.lost, 1);
		return;
	}
	ring = sink_ring();
	if (ring == NULL)
		atomic_fetch_add(&sink.lost, 1);
	else if (log_ring_put(ring, line, len))
		sink_note(urgent || log_ring_is_half_full(ring));
}

/* What is in a pipe in one piece of PIPE_BUF at most is not mixed with what others write there. */
static size_t sink_batch_size(void)
{
	struct stat status;

	return fstat(STDERR_FILENO, &status) == 0 && S_ISFIFO(status.st_mode) ? PIPE_BUF
									      : SINK_BATCH;
}

/* One batch of every ring; the bytes of the largest. */
static size_t sink_write_batches(size_t size)
{
	char batch[SINK_BATCH];
	size_t largest = 0;

	atomic_store(&sink.hurry, false);
	(void)sink_tell_lost(sink_write_all);
	for (struct log_ring *ring = atomic_load(&sink.rings); ring != NULL; ring = ring->next) {
		size_t len = log_ring_take(ring, batch, size);

		(void)sink_write_all(batch, len);
		if (len > largest)
			largest = len;
	}
	return largest;
}

/* Until what is left is little enough to wait for more. False: there was nothing. */
static bool sink_write_most(size_t size)
{
	bool wrote = false;
	size_t largest;

	do {
		largest = sink_write_batches(size);
		wrote = wrote || largest > 0;
	} while (largest >= size / 2);
	return wrote;
}

static bool sink_is_empty(void)
{
	for (struct log_ring *ring = atomic_load(&sink.rings); ring != NULL; ring = ring->next) {
		if (!log_ring_is_empty(ring))
			return false;
	}
	return true;
}

static void sink_gather(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += SINK_GATHER_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	atomic_store(&sink.rest, SINK_GATHERS);
	if (!atomic_load(&sink.hurry) && !atomic_load(&sink.stopping))
		(void)sem_clockwait(&sink.wake, CLOCK_MONOTONIC, &until);
	atomic_store(&sink.rest, SINK_AWAKE);
}

static void sink_sleep(void)
{
	atomic_store(&sink.rest, SINK_SLEEPS);
	/* A line that came before that was said is seen here; one after it wakes. */
	if (sink_is_empty() && !atomic_load(&sink.stopping))
		(void)sem_wait(&sink.wake);
	atomic_store(&sink.rest, SINK_AWAKE);
}

static void *sink_run(void *arg)
{
	size_t size = sink_batch_size();

	(void)arg;
	while (!atomic_load(&sink.stopping)) {
		if (sink_write_most(size))
			sink_gather();
		else
			sink_sleep();
	}
	while (sink_write_batches(size) > 0)
		;
	return NULL;
}

int log_writer_start(void)
{
	sigset_t all, before;
	int error;

	atomic_store(&sink.stopping, false);
	if (sem_init(&sink.wake, 0, 0) < 0)
		return -1;
	/* Signals are main's: none may land here. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&sink.thread, NULL, sink_run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	if (error != 0)
		return -1;
	pthread_setname_np(sink.thread, "log");
	atomic_store(&sink.threaded, true);
	return 0;
}

void log_writer_stop(void)
{
	struct timespec until;

	if (!atomic_load(&sink.threaded))
		return;
	atomic_store(&sink.stopping, true);
	sink_wake();
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SINK_END_S;
	/* One that hangs in a write ends with the process. */
	if (pthread_timedjoin_np(sink.thread, NULL, &until) == 0)
		atomic_store(&sink.threaded, false);
}
