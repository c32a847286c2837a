/* SPDX-License-Identifier: GPL-3.0-or-later */
/* c-ares on an event base: a channel whose every socket is bound to one device. Private to net. */
#ifndef NET_RESOLVER_CHANNEL_H
#define NET_RESOLVER_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/host.h"

struct channel;
struct event_base;
struct resolver_settings;

/* status is c-ares's; message is NULL where nobody answered. */
typedef void channel_done_fn(void *arg, int status, const uint8_t *message, size_t len);

/* NULL + errno. */
MUST_CHECK struct channel *channel_new(struct event_base *base,
				       const struct resolver_settings *settings);

/* Calls done (ARES_EDESTRUCTION) for every question still open. */
void channel_free(struct channel *channel);

/* Asks for A or AAAA. Calls done exactly once, maybe before it returns. -1 + errno: never. */
MUST_CHECK int channel_ask(struct channel *channel, const struct host *host, int family,
			   channel_done_fn *done, void *arg);

#endif
