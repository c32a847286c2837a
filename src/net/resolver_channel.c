/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lets libevent wait for the sockets and the timeouts of a c-ares channel. */
#include "resolver_channel.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "device.h"
#include "net/resolver.h"

enum {
	CHANNEL_TRY_MS = 2000,
	CHANNEL_TRIES = 2, /* of each server; c-ares doubles the wait in the second round */
};

struct channel_socket {
	LIST_ENTRY(channel_socket) link;
	struct channel *channel;
	struct event event;
	int fd;
};

struct channel_question {
	channel_done_fn *done;
	void *arg;
};

struct channel {
	ares_channel ares;
	struct event_base *base;
	struct event timer; /* pending only while c-ares waits for something */
	LIST_HEAD(, channel_socket) sockets;
	bool is_bound;
	char device[IF_NAMESIZE];
};

static void channel_arm(struct channel *channel)
{
	struct timeval wait;

	if (ares_timeout(channel->ares, NULL, &wait) == NULL)
		event_del(&channel->timer);
	else
		event_add(&channel->timer, &wait);
}

static void channel_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	(void)fd;
	(void)what;
	ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	channel_arm(channel);
}

static void channel_on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	ares_process_fd(channel->ares, (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
			(what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	channel_arm(channel);
}

static struct channel_socket *channel_socket_of(struct channel *channel, int fd)
{
	struct channel_socket *found;

	LIST_FOREACH(found, &channel->sockets, link)
	{
		if (found->fd == fd)
			return found;
	}
	found = calloc(1, sizeof(*found));
	if (found == NULL)
		return NULL;
	found->channel = channel;
	found->fd = fd;
	LIST_INSERT_HEAD(&channel->sockets, found, link);
	event_assign(&found->event, channel->base, fd, 0, channel_on_socket, channel);
	return found;
}

/* c-ares says what to wait for; for nothing, just before it closes the socket. */
static void channel_on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *channel = arg;
	struct channel_socket *watched = channel_socket_of(channel, fd);
	short what = EV_PERSIST;

	/* Without memory nobody listens to this socket: its questions time out. */
	if (watched == NULL)
		return;
	event_del(&watched->event);
	if (!readable && !writable) {
		LIST_REMOVE(watched, link);
		free(watched);
		return;
	}
	if (readable)
		what |= EV_READ;
	if (writable)
		what |= EV_WRITE;
	event_assign(&watched->event, channel->base, fd, what, channel_on_socket, channel);
	event_add(&watched->event, NULL);
}

/* Called between socket() and connect(): the one place where failing stops the question. */
static int channel_on_configure(ares_socket_t fd, int type, void *arg)
{
	struct channel *channel = arg;

	(void)type;
	return device_bind(fd, channel->is_bound ? channel->device : NULL);
}

static int channel_set_servers(struct channel *channel, const struct resolver_settings *settings)
{
	struct ares_addr_port_node nodes[RESOLVER_SERVERS_MAX];

	memset(nodes, 0, sizeof(nodes));
	for (size_t i = 0; i < settings->server_count; i++) {
		const struct address *server = &settings->servers[i];

		nodes[i].next = i + 1 < settings->server_count ? &nodes[i + 1] : NULL;
		nodes[i].family = server->family;
		nodes[i].udp_port = server->port;
		nodes[i].tcp_port = server->port;
		memcpy(&nodes[i].addr, server->bytes, address_len(server));
	}
	return ares_set_servers_ports(channel->ares, nodes);
}

/*
 * c-ares reads resolv.conf, the environment and the host name for whatever it is not told, so it
 * is told everything. The server here is a stand-in until the real ones, with ports, replace it.
 */
static int channel_init(struct channel *channel, int try_ms)
{
	struct in_addr stand_in = {.s_addr = htonl(INADDR_LOOPBACK)};
	char lookups[] = "b";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = try_ms > 0 ? try_ms : CHANNEL_TRY_MS,
		.tries = CHANNEL_TRIES,
		.ndots = 1,
		.servers = &stand_in,
		.nservers = 1,
		.lookups = lookups,
		.sock_state_cb = channel_on_state,
		.sock_state_cb_data = channel,
	};
	int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		    ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST |
		    ARES_OPT_ROTATE | ARES_OPT_SOCK_STATE_CB;

	return ares_init_options(&channel->ares, &options, given);
}

struct channel *channel_new(struct event_base *base, const struct resolver_settings *settings)
{
	struct channel *channel;

	if (settings->server_count == 0 || settings->server_count > RESOLVER_SERVERS_MAX ||
	    (settings->device != NULL && strlen(settings->device) >= IF_NAMESIZE)) {
		errno = EINVAL;
		return NULL;
	}
	channel = calloc(1, sizeof(*channel));
	if (channel == NULL)
		return NULL;
	channel->base = base;
	LIST_INIT(&channel->sockets);
	if (settings->device != NULL) {
		channel->is_bound = true;
		memcpy(channel->device, settings->device, strlen(settings->device) + 1);
	}
	evtimer_assign(&channel->timer, base, channel_on_timer, channel);
	if (channel_init(channel, settings->try_ms) != ARES_SUCCESS)
		goto fail;
	ares_set_socket_configure_callback(channel->ares, channel_on_configure, channel);
	if (channel_set_servers(channel, settings) != ARES_SUCCESS)
		goto fail;
	return channel;
fail:
	channel_free(channel);
	errno = ENOMEM;
	return NULL;
}

void channel_free(struct channel *channel)
{
	if (channel == NULL)
		return;
	if (channel->ares != NULL)
		ares_destroy(channel->ares);
	event_del(&channel->timer);
	free(channel);
}

static void channel_on_answer(void *arg, int status, int timeouts, unsigned char *message, int len)
{
	struct channel_question *question = arg;

	(void)timeouts;
	question->done(question->arg, status, message, len < 0 ? 0 : (size_t)len);
	free(question);
}

int channel_ask(struct channel *channel, const struct host *host, int family, channel_done_fn *done,
		void *arg)
{
	struct channel_question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		return -1;
	question->done = done;
	question->arg = arg;
	ares_query(channel->ares, host->name, ns_c_in, family == AF_INET6 ? ns_t_aaaa : ns_t_a,
		   channel_on_answer, question);
	channel_arm(channel);
	return 0;
}
