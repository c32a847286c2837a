/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An upstream proxy for tests that plays a script, maybe a byte at a time, maybe under TLS. */
#ifndef TESTS_FAKE_PROXY_H
#define TESTS_FAKE_PROXY_H

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/listen.h"
#include "net/stream.h"
#include "net/tls.h"

enum {
	FAKE_EXCHANGES_MAX = 3,
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* What the proxy waits for, and what it says then. */
struct fake_exchange {
	const char *expect;
	size_t expect_len;
	const char *reply;
	size_t reply_len;
};

struct fake_proxy {
	struct event_base *base;
	struct address address;
	int listener;
	struct event *accept_event, *event, *tick;
	struct stream stream;
	struct ssl_ctx_st *tls;
	const struct fake_exchange *script; /* its end has no expect */
	bool is_slow;                       /* a byte for each turn of the loop */
	bool closes;                        /* after the last reply */
	size_t sent;
	size_t got;
	char in[4096];
	unsigned connections, surprises;
};

static inline void fake_proxy_hang_up(struct fake_proxy *proxy)
{
	if (proxy->event == NULL)
		return;
	event_free(proxy->event);
	proxy->event = NULL;
	stream_close(&proxy->stream);
}

/* true: the whole of what is expected is here. */
static inline bool fake_proxy_read(struct fake_proxy *proxy)
{
	while (proxy->got < proxy->script->expect_len) {
		ssize_t got = stream_read(&proxy->stream, proxy->in + proxy->got,
					  proxy->script->expect_len - proxy->got);

		if (got <= 0)
			return false;
		proxy->got += (size_t)got;
	}
	if (memcmp(proxy->in, proxy->script->expect, proxy->got) != 0)
		proxy->surprises++;
	return true;
}

/* true: the whole reply is sent. */
static inline bool fake_proxy_write(struct fake_proxy *proxy)
{
	size_t rest = proxy->script->reply_len - proxy->sent;
	ssize_t sent;

	if (rest == 0)
		return true;
	sent = stream_write(&proxy->stream, proxy->script->reply + proxy->sent,
			    proxy->is_slow ? 1 : rest);
	if (sent > 0)
		proxy->sent += (size_t)sent;
	return proxy->sent == proxy->script->reply_len;
}

static inline void fake_proxy_on_event(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval at_once = {0, 0};
	struct fake_proxy *proxy = arg;

	(void)fd;
	(void)what;
	while (proxy->event != NULL && proxy->script->expect != NULL) {
		if (!fake_proxy_read(proxy))
			return;
		if (!fake_proxy_write(proxy)) {
			event_add(proxy->tick, &at_once);
			return;
		}
		proxy->script++;
		proxy->got = 0;
		proxy->sent = 0;
	}
	if (proxy->closes)
		fake_proxy_hang_up(proxy);
}

static inline void fake_proxy_on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct fake_proxy *proxy = arg;
	struct address peer;

	(void)what;
	fake_proxy_hang_up(proxy);
	proxy->stream = stream_from_fd(listen_accept(fd, &peer));
	if (proxy->stream.fd < 0)
		abort();
	if (proxy->tls != NULL && tls_accept(proxy->tls, &proxy->stream) < 0)
		abort();
	proxy->connections++;
	proxy->event =
		event_new(proxy->base, proxy->stream.fd, EV_READ | EV_WRITE | EV_ET | EV_PERSIST,
			  fake_proxy_on_event, proxy);
	event_add(proxy->event, NULL);
}

static inline void fake_proxy_start(struct fake_proxy *proxy, struct event_base *base)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	struct address any;

	memset(proxy, 0, sizeof(*proxy));
	if (!address_parse_endpoint("127.0.0.1:0", 11, &any))
		abort();
	proxy->base = base;
	proxy->stream = stream_none();
	proxy->listener = listen_open(&any, 64);
	if (getsockname(proxy->listener, (struct sockaddr *)&bound, &len) < 0)
		abort();
	proxy->address = address_from_sockaddr((struct sockaddr *)&bound, len);
	proxy->accept_event =
		event_new(base, proxy->listener, EV_READ | EV_PERSIST, fake_proxy_on_accept, proxy);
	proxy->tick = evtimer_new(base, fake_proxy_on_event, proxy);
	event_add(proxy->accept_event, NULL);
}

/* script must outlive the connection. */
static inline void fake_proxy_play(struct fake_proxy *proxy, const struct fake_exchange *script,
				   bool is_slow, bool closes)
{
	fake_proxy_hang_up(proxy);
	proxy->script = script;
	proxy->is_slow = is_slow;
	proxy->closes = closes;
	proxy->got = 0;
	proxy->sent = 0;
}

static inline void fake_proxy_stop(struct fake_proxy *proxy)
{
	fake_proxy_hang_up(proxy);
	event_free(proxy->accept_event);
	event_free(proxy->tick);
	stream_close(&proxy->stream);
	close(proxy->listener);
}

#endif
