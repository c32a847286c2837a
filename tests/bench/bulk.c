/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bulk streams: as fast as they go, each byte checked, and counted again at the end. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "workloads.h"

static const int64_t second_ns = 1000000000;

static void bulk_order(struct load *load, struct client *client, char kind, uint32_t events)
{
	unsigned char order[ORIGIN_ORDER_LEN];

	origin_order(order, kind, client->seed);
	if (client_send(load, client, order, sizeof(order)))
		client_watch_level(load, client, events);
}

static void bulk_on_down_open(struct load *load, struct client *client)
{
	bulk_order(load, client, 'D', EPOLLIN);
}

static void bulk_on_down_ready(struct load *load, struct client *client, uint32_t events)
{
	ssize_t n = recv(client->fd, load->buffer, PATTERN_CHUNK, 0);

	(void)events;
	if (n > 0) {
		load->corrupted += pattern_errors(load->pattern, client->seed + client->received,
						  load->buffer, (size_t)n);
		client->received += (uint64_t)n;
		load->units += (uint64_t)n;
	} else if (n == 0 && load->stopping) {
		client->done = true;
		client_close(load, client);
	} else if (n == 0 || errno != EAGAIN) {
		client_fail(load, client);
	}
}

static void bulk_on_up_open(struct load *load, struct client *client)
{
	bulk_order(load, client, 'U', EPOLLOUT);
}

/* The origin's count of what came, at the end. */
static void bulk_on_count(struct load *load, struct client *client)
{
	uint64_t count;
	ssize_t n = recv(client->fd, &count, sizeof(count), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n != (ssize_t)sizeof(count)) {
		client_fail(load, client);
		return;
	}
	load->lost += client->sent - count;
	client->done = true;
	client_close(load, client);
}

static void bulk_on_up_ready(struct load *load, struct client *client, uint32_t events)
{
	ssize_t n;

	if (load->stopping && (events & (EPOLLIN | EPOLLERR | EPOLLHUP))) {
		bulk_on_count(load, client);
		return;
	}
	n = send(client->fd, pattern_at(load->pattern, client->seed + client->sent), PATTERN_CHUNK,
		 MSG_NOSIGNAL);
	if (n > 0)
		client->sent += (uint64_t)n;
	else if (n < 0 && errno != EAGAIN)
		client_fail(load, client);
}

static void bulk_poll_until(struct load *load, int64_t end)
{
	int64_t now;

	while ((now = usage_now_ns()) < end && load->busy > 0)
		client_poll(load, end - now);
}

/* Runs the streams and measures after they have got going. */
static void bulk_run(struct load *load, struct result *result)
{
	load_open(load, load->tunnels);
	bulk_poll_until(load, usage_now_ns() + second_ns / 4);
	result_start(load, result);
	bulk_poll_until(load, usage_now_ns() + (int64_t)(load->seconds * 1e9));
}

/* Streams that do not reach their end in time have failed. */
static void bulk_end(struct load *load)
{
	bulk_poll_until(load, usage_now_ns() + 20 * second_ns);
	load->failures += load->busy;
}

void bulk_down(struct load *load, struct result *result)
{
	static const struct workload workload = {.on_open = bulk_on_down_open,
						 .on_ready = bulk_on_down_ready};
	uint64_t received = 0;

	load->workload = &workload;
	bulk_run(load, result);
	result_stop(load, result);
	load->stopping = true;
	load->origin->stop_sending = 1;
	bulk_end(load);
	for (unsigned i = 0; i < load->tunnels; i++)
		received += load->clients[i].received;
	load->lost = load->origin->sent - received;
}

void bulk_up(struct load *load, struct result *result)
{
	static const struct workload workload = {.on_open = bulk_on_up_open,
						 .on_ready = bulk_on_up_ready};
	uint64_t received;

	load->workload = &workload;
	load_open(load, load->tunnels);
	bulk_poll_until(load, usage_now_ns() + second_ns / 4);
	result_start(load, result);
	received = load->origin->received;
	bulk_poll_until(load, usage_now_ns() + (int64_t)(load->seconds * 1e9));
	load->units = load->origin->received - received;
	result_stop(load, result);
	load->stopping = true;
	for (unsigned i = 0; i < load->tunnels; i++) {
		if (load->clients[i].stage != CLIENT_OPEN)
			continue;
		shutdown(load->clients[i].fd, SHUT_WR);
		client_watch_level(load, &load->clients[i], EPOLLIN);
	}
	bulk_end(load);
}
