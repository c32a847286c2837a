/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens sockets, waits for the first that connects, and weighs the failures of the others. */
#include "dial_race.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "device.h"
#include "net/poller.h"

struct race_failure {
	int error;
	enum dial_result result;
	const char *detail;
};

static const struct race_failure race_failures[] = {
	{ENODEV, DIAL_DEVICE_GONE, "the tunnel device is gone"},
	{ECONNREFUSED, DIAL_REFUSED, "connection refused"},
	{ECONNRESET, DIAL_REFUSED, "connection reset"},
	{ETIMEDOUT, DIAL_TIMEOUT, "connection timed out"},
	{ENETUNREACH, DIAL_UNREACHABLE, "network unreachable"},
	{EHOSTUNREACH, DIAL_UNREACHABLE, "host unreachable"},
	{EAFNOSUPPORT, DIAL_UNREACHABLE, "address family not supported"},
	{EPERM, DIAL_UNREACHABLE, "blocked by the local firewall"},
	{EACCES, DIAL_UNREACHABLE, "blocked by the local firewall"},
	{EMFILE, DIAL_NO_RESOURCES, "out of descriptors"},
	{ENFILE, DIAL_NO_RESOURCES, "out of descriptors"},
	{ENOMEM, DIAL_NO_RESOURCES, "out of memory"},
	{ENOBUFS, DIAL_NO_RESOURCES, "out of memory"},
	{EAGAIN, DIAL_NO_RESOURCES, "out of ports"},
	{EADDRNOTAVAIL, DIAL_NO_RESOURCES, "out of ports"},
	{0, DIAL_UNREACHABLE, "cannot connect"},
};

static const struct race_failure *race_failure_of(int error)
{
	const struct race_failure *failure = race_failures;

	while (failure->error != 0 && failure->error != error)
		failure++;
	return failure;
}

/* How much a failure tells: what is wrong here comes before what the far end said, and an address
 * that was there before one that was not. */
static int race_weight(enum dial_result result)
{
	switch (result) {
	case DIAL_DEVICE_GONE:
		return 5;
	case DIAL_NO_RESOURCES:
		return 4;
	case DIAL_REFUSED:
		return 3;
	case DIAL_TIMEOUT:
		return 2;
	case DIAL_UNREACHABLE:
		return 1;
	default:
		return 0;
	}
}

static void race_note(struct race *race, int error)
{
	const struct race_failure *failure = race_failure_of(error);

	if (race_weight(failure->result) <= race_weight(race->result))
		return;
	race->result = failure->result;
	race->detail = failure->detail;
}

static void race_on_pace(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	race_go(arg);
}

void race_init(struct race *race, struct poller *poller, const char *device, race_done_fn *done,
	       void *arg)
{
	race->poller = poller;
	race->device = device;
	race->done = done;
	race->arg = arg;
	race->last.family = AF_UNSPEC;
	race->result = DIAL_OK;
	race->detail = "";
	evtimer_assign(&race->pace, poller_base(poller), race_on_pace, race);
}

static void attempt_close(struct race_attempt *attempt)
{
	if (attempt->stream.fd < 0)
		return;
	stream_close(&attempt->stream);
	attempt->race->live--;
}

void race_clear(struct race *race)
{
	event_del(&race->pace);
	for (size_t i = 0; i < race->started; i++)
		attempt_close(&race->attempts[i]);
}

void race_add(struct race *race, const struct address *address)
{
	struct race_list *list = &race->lists[address->family == AF_INET6 ? 0 : 1];

	if (list->count < LOOKUP_ADDRESSES_MAX)
		list->addresses[list->count++] = *address;
}

static bool list_has_more(const struct race_list *list)
{
	return list->next < list->count;
}

bool race_has_candidates(const struct race *race)
{
	return race->started < RACE_ATTEMPTS_MAX &&
	       (list_has_more(&race->lists[0]) || list_has_more(&race->lists[1]));
}

void race_complete(struct race *race)
{
	race->complete = true;
}

/* Families take turns (RFC 8305 4), so that a dead one costs one delay and not six. */
static const struct address *race_next(struct race *race)
{
	struct race_list *list;

	if (!list_has_more(&race->lists[race->turn]))
		race->turn = 1 - race->turn;
	list = &race->lists[race->turn];
	race->turn = 1 - race->turn;
	return &list->addresses[list->next++];
}

static int attempt_error(const struct race_attempt *attempt)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(attempt->stream.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

/* The first edge of a socket that connects is the outcome. */
static void attempt_on_ready(void *arg)
{
	struct race_attempt *attempt = arg;
	struct race *race = attempt->race;
	struct stream stream = attempt->stream;

	if (stream_is_broken(&stream)) {
		race_note(race, attempt_error(attempt));
		attempt_close(attempt);
		race_go(race);
		return;
	}
	attempt->stream = stream_none();
	stream_on_ready(&stream, NULL, NULL);
	race->live--;
	race->last = attempt->address;
	race_clear(race);
	race->done(race->arg, DIAL_OK, stream, "");
}

/* The device comes before connect, and failing there ends the attempt: no packet without it. */
static int attempt_open(const struct race *race, const struct address *address)
{
	struct sockaddr_storage sockaddr;
	socklen_t len = address_to_sockaddr(address, &sockaddr);
	int fd = socket(address->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (device_bind(fd, race->device) < 0)
		goto fail;
	stream_set_nodelay(fd);
	if (connect(fd, (struct sockaddr *)&sockaddr, len) < 0 && errno != EINPROGRESS)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}

static void race_attempt(struct race *race, const struct address *address)
{
	const struct timeval pace = {.tv_usec = RACE_PACE_MS * 1000};
	struct race_attempt *attempt = &race->attempts[race->started++];

	attempt->race = race;
	attempt->address = *address;
	race->last = *address;
	attempt->stream = stream_from_fd(attempt_open(race, address));
	if (attempt->stream.fd < 0) {
		race_note(race, errno);
		return;
	}
	race->live++;
	if (stream_watch(&attempt->stream, race->poller) < 0) {
		race_note(race, ENOMEM);
		attempt_close(attempt);
		return;
	}
	stream_on_ready(&attempt->stream, attempt_on_ready, attempt);
	/* A lone address needs no timer. */
	if (!race->complete || race_has_candidates(race))
		event_add(&race->pace, &pace);
}

void race_go(struct race *race)
{
	while (race_has_candidates(race) &&
	       (race->live == 0 || !evtimer_pending(&race->pace, NULL)))
		race_attempt(race, race_next(race));
	if (race->live > 0 || (!race->complete && race->started < RACE_ATTEMPTS_MAX))
		return;
	event_del(&race->pace);
	race->done(race->arg, race->result, stream_none(), race->detail);
}
