/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One dial from the name to the stream: resolve, guard, race, and speak to the upstream proxy. */
#include "net/dial.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "device.h"
#include "dial_race.h"
#include "dial_upstream.h"
#include "net/guard.h"
#include "net/poller.h"
#include "net/resolver.h"
#include "net/upstream.h"

enum {
	DIAL_RESOLUTION_DELAY_MS = 50, /* RFC 8305 8 */
	DIAL_DETAIL_SIZE = 160,
};

struct dial_lookup {
	struct dial *dial;
	struct lookup *lookup; /* NULL: not asked, or answered */
	bool was_asked;
	int family;
	enum lookup_result result;
};

struct dial {
	struct poller *poller;
	struct dial_route route;
	struct host host;
	uint16_t port;
	dial_done_fn *done;
	void *arg;
	struct event begin;            /* so that nothing ends inside dial_start */
	struct event total;            /* the time there is in all */
	struct event resolution_delay; /* A has come, AAAA gets a little longer */
	struct dial_lookup lookups[2]; /* AAAA, A */
	const char *forbidden;         /* what the guard said last; NULL: nothing refused */
	bool is_racing;
	struct race race;
	struct handshake *handshake; /* with the upstream proxy, once connected to it */
	char detail[DIAL_DETAIL_SIZE];
};

static void dial_clear(struct dial *dial)
{
	event_del(&dial->begin);
	event_del(&dial->total);
	event_del(&dial->resolution_delay);
	for (size_t i = 0; i < ARRAY_LEN(dial->lookups); i++) {
		if (dial->lookups[i].lookup != NULL)
			lookup_cancel(dial->lookups[i].lookup);
	}
	race_clear(&dial->race);
	handshake_free(dial->handshake);
}

/* Is it the way to the proxy that failed, and not the proxy's way to the target? */
static bool dial_failed_before_upstream(const struct dial *dial, enum dial_result result)
{
	if (dial->route.upstream == NULL || dial->handshake != NULL)
		return false;
	switch (result) {
	case DIAL_NAME_NOT_FOUND:
	case DIAL_NAME_FAILED:
	case DIAL_NAME_TIMEOUT:
	case DIAL_REFUSED:
	case DIAL_UNREACHABLE:
	case DIAL_TIMEOUT:
		return true;
	default:
		return false;
	}
}

/* The one end of a dial that was not cancelled. */
static void dial_finish(struct dial *dial, enum dial_result result, struct stream stream,
			const char *detail)
{
	struct address peer = dial->race.last;
	struct text text;

	text_init(&text, dial->detail, sizeof(dial->detail));
	if (dial_failed_before_upstream(dial, result)) {
		text_add(&text, "upstream proxy: ");
		result = DIAL_UPSTREAM_FAILED;
	}
	text_add(&text, detail);
	dial_clear(dial);
	dial->done(dial->arg, result, stream, &peer, dial->detail);
	free(dial);
}

static void dial_fail(struct dial *dial, enum dial_result result, const char *detail)
{
	dial_finish(dial, result, stream_none(), detail);
}

static void dial_on_handshake(void *arg, enum dial_result result, struct stream stream,
			      const char *detail)
{
	dial_finish(arg, result, stream, detail);
}

static bool dial_any_lookup(const struct dial *dial, enum lookup_result result)
{
	for (size_t i = 0; i < ARRAY_LEN(dial->lookups); i++) {
		if (dial->lookups[i].was_asked && dial->lookups[i].result == result)
			return true;
	}
	return false;
}

/* There was no address to try. What is not known for certain is not called "not found". */
static void dial_fail_unnamed(struct dial *dial)
{
	if (dial->forbidden != NULL)
		dial_fail(dial, DIAL_FORBIDDEN_ADDRESS, dial->forbidden);
	else if (!dial_any_lookup(dial, LOOKUP_FAILED) && !dial_any_lookup(dial, LOOKUP_TIMEOUT))
		dial_fail(dial, DIAL_NAME_NOT_FOUND, "name not found");
	else if (device_is_gone(dial->route.device))
		dial_fail(dial, DIAL_DEVICE_GONE, "the tunnel device is gone");
	else if (dial_any_lookup(dial, LOOKUP_TIMEOUT))
		dial_fail(dial, DIAL_NAME_TIMEOUT, "no name server answered in time");
	else
		dial_fail(dial, DIAL_NAME_FAILED, "the name could not be resolved");
}

static void dial_on_race(void *arg, enum dial_result result, struct stream stream,
			 const char *detail)
{
	struct dial *dial = arg;

	if (stream.fd < 0 && dial->race.started == 0) {
		dial_fail_unnamed(dial);
		return;
	}
	if (stream.fd < 0) {
		dial_fail(dial, result, detail);
		return;
	}
	if (dial->route.upstream == NULL) {
		dial_finish(dial, DIAL_OK, stream, "");
		return;
	}
	dial->handshake = handshake_new(stream, dial->route.upstream, &dial->host, dial->port,
					dial_on_handshake, dial);
	if (dial->handshake == NULL)
		dial_fail(dial, DIAL_NO_RESOURCES, "out of memory");
}

static void dial_race(struct dial *dial)
{
	event_del(&dial->resolution_delay);
	dial->is_racing = true;
	race_go(&dial->race);
}

static void dial_on_resolution_delay(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dial_race(arg);
}

/* The guard sees every address that is about to be dialled, whatever name led there. The way to an
 * upstream proxy is the operator's own choice. */
static void dial_consider(struct dial *dial, struct address address)
{
	const struct dial_route *route = &dial->route;

	if (route->upstream != NULL) {
		address.port = route->upstream->url.port;
		race_add(&dial->race, &address);
		return;
	}
	address.port = dial->port;
	/* An AAAA record may wrap an IPv4 address. */
	if (address.family == AF_INET ? !route->ipv4 : !route->ipv6)
		return;
	if (guard_allows(route->guard, &address, route->allow_private, &dial->forbidden)) {
		race_add(&dial->race, &address);
		dial->forbidden = NULL;
	}
}

static void dial_on_lookup(void *arg, enum lookup_result result, const struct address *addresses,
			   size_t count)
{
	const struct timeval delay = {.tv_usec = DIAL_RESOLUTION_DELAY_MS * 1000};
	struct dial_lookup *answered = arg;
	struct dial *dial = answered->dial;
	bool is_complete;

	answered->lookup = NULL;
	answered->result = result;
	for (size_t i = 0; i < count; i++)
		dial_consider(dial, addresses[i]);
	is_complete = dial->lookups[0].lookup == NULL && dial->lookups[1].lookup == NULL;
	if (is_complete)
		race_complete(&dial->race);
	/* RFC 8305 3: AAAA starts the race at once, A alone a moment later. */
	if (is_complete || dial->is_racing ||
	    (answered->family == AF_INET6 && race_has_candidates(&dial->race)))
		dial_race(dial);
	else if (race_has_candidates(&dial->race))
		event_add(&dial->resolution_delay, &delay);
}

static int dial_ask(struct dial *dial, struct dial_lookup *lookup, const struct host *host)
{
	lookup->was_asked = true;
	lookup->lookup = resolver_lookup(dial->route.resolver, host, lookup->family,
					 &dial->route.asker, dial_on_lookup, lookup);
	return lookup->lookup == NULL ? -1 : 0;
}

static void dial_resolve(struct dial *dial, const struct host *host)
{
	const struct dial_route *route = &dial->route;

	if (!route->ipv4 && !route->ipv6) {
		dial_fail(dial, DIAL_UNREACHABLE, "the egress has no address");
		return;
	}
	if (route->resolver == NULL) {
		dial_fail(dial, DIAL_NAME_FAILED, "there is no resolver for its name");
		return;
	}
	if ((route->ipv6 && dial_ask(dial, &dial->lookups[0], host) < 0) ||
	    (route->ipv4 && dial_ask(dial, &dial->lookups[1], host) < 0))
		dial_fail(dial, DIAL_NO_RESOURCES, "out of memory");
}

/* Whether the guard refuses a literal before anything is asked of anybody; the far end of an
 * upstream proxy may have private addresses of its own to protect. */
static bool dial_refuses_literal(struct dial *dial)
{
	struct address address = dial->host.address;

	if (!dial->host.is_literal)
		return false;
	address.port = dial->port;
	return !guard_allows(dial->route.guard, &address, dial->route.allow_private,
			     &dial->forbidden);
}

static bool dial_lacks_family(const struct dial *dial, const struct address *address)
{
	if (dial->route.upstream != NULL)
		return false;
	return address->family == AF_INET ? !dial->route.ipv4 : !dial->route.ipv6;
}

static void dial_on_begin(evutil_socket_t fd, short what, void *arg)
{
	struct dial *dial = arg;
	const struct upstream *upstream = dial->route.upstream;
	const struct host *host = upstream != NULL ? &upstream->url.host : &dial->host;

	(void)fd;
	(void)what;
	if (!dial->route.allow_private && host_is_local_name(&dial->host)) {
		dial_fail(dial, DIAL_LOCAL_NAME, "local names are not asked of a resolver");
		return;
	}
	if (dial_refuses_literal(dial)) {
		dial_fail(dial, DIAL_FORBIDDEN_ADDRESS, dial->forbidden);
		return;
	}
	if (!host->is_literal) {
		dial_resolve(dial, host);
		return;
	}
	if (dial_lacks_family(dial, &host->address)) {
		dial_fail(dial, DIAL_UNREACHABLE, "the egress has no address of that family");
		return;
	}
	dial_consider(dial, host->address);
	race_complete(&dial->race);
	dial_race(dial);
}

static void dial_on_total(evutil_socket_t fd, short what, void *arg)
{
	struct dial *dial = arg;

	(void)fd;
	(void)what;
	if (dial->handshake != NULL)
		dial_fail(dial, DIAL_TIMEOUT, "the upstream proxy did not answer in time");
	else if (dial->race.live > 0)
		dial_fail(dial, DIAL_TIMEOUT, "nothing answered in time");
	else if (dial->race.started > 0)
		dial_fail(dial, dial->race.result, dial->race.detail);
	else
		dial_fail(dial, DIAL_NAME_TIMEOUT, "no name server answered in time");
}

static void dial_set_events(struct dial *dial)
{
	struct event_base *base = poller_base(dial->poller);

	event_assign(&dial->begin, base, -1, 0, dial_on_begin, dial);
	evtimer_assign(&dial->total, base, dial_on_total, dial);
	evtimer_assign(&dial->resolution_delay, base, dial_on_resolution_delay, dial);
	race_init(&dial->race, dial->poller, dial->route.device, dial_on_race, dial);
	dial->lookups[0] = (struct dial_lookup){.dial = dial, .family = AF_INET6};
	dial->lookups[1] = (struct dial_lookup){.dial = dial, .family = AF_INET};
}

struct dial *dial_start(struct poller *poller, const struct dial_route *route,
			const struct host *host, uint16_t port, int timeout_ms, dial_done_fn *done,
			void *arg)
{
	const struct timeval total = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	struct dial *dial = calloc(1, sizeof(*dial));

	if (dial == NULL)
		return NULL;
	dial->poller = poller;
	dial->route = *route;
	dial->host = *host;
	dial->port = port;
	dial->done = done;
	dial->arg = arg;
	dial_set_events(dial);
	if (event_add(&dial->total, &total) < 0) {
		free(dial);
		errno = ENOMEM;
		return NULL;
	}
	event_active(&dial->begin, 0, 0);
	return dial;
}

void dial_cancel(struct dial *dial)
{
	if (dial == NULL)
		return;
	dial_clear(dial);
	free(dial);
}

const char *dial_result_name(enum dial_result result)
{
	static const char *const names[] = {
		[DIAL_OK] = "ok",
		[DIAL_NAME_NOT_FOUND] = "name not found",
		[DIAL_NAME_FAILED] = "name lookup failed",
		[DIAL_NAME_TIMEOUT] = "name lookup timeout",
		[DIAL_LOCAL_NAME] = "local name",
		[DIAL_FORBIDDEN_ADDRESS] = "forbidden address",
		[DIAL_REFUSED] = "connection refused",
		[DIAL_UNREACHABLE] = "unreachable",
		[DIAL_TIMEOUT] = "timeout",
		[DIAL_DEVICE_GONE] = "device gone",
		[DIAL_UPSTREAM_FAILED] = "upstream failed",
		[DIAL_UPSTREAM_DENIED] = "upstream denied",
		[DIAL_UPSTREAM_LOGIN] = "upstream login refused",
		[DIAL_NO_RESOURCES] = "no resources",
	};

	return names[result];
}
