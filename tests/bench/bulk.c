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

static void bulk_on_up_ready(struct load *load, struct client *client, uint32_t events)
{
	ssize_t n;

	/* A sink never speaks: whatever can be read is the end. */
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
		client_fail(load, client);
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

/* Runs the streams and measures after they have got going; received is set to what came before
 * that. */
static void bulk_run(struct load *load, struct result *result, uint64_t *received)
{
	load_open(load, load->tunnels);
	bulk_poll_until(load, usage_now_ns() + second_ns / 4);
	result_start(load, result);
	*received = load->origin->received;
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
	uint64_t received;

	load->workload = &workload;
	bulk_run(load, result, &received);
	result_stop(load, result);
	result->after = usage_read(load->pid);
	load->stopping = true;
	load->origin->stop_sending = 1;
	bulk_end(load);
	received = 0;
	for (unsigned i = 0; i < load->tunnels; i++)
		received += load->clients[i].received;
	load->lost = load->origin->sent - received;
}

/* The last bytes are waited for with the tunnels open: how an end is passed on is another matter,
 * and tested elsewhere. */
static void bulk_end_up(struct load *load)
{
	int64_t end = usage_now_ns() + 20 * second_ns;
	uint64_t sent = 0;

	for (unsigned i = 0; i < load->tunnels; i++) {
		sent += load->clients[i].sent;
		if (load->clients[i].stage == CLIENT_OPEN)
			client_watch_level(load, &load->clients[i], EPOLLIN);
	}
	while (load->origin->received < sent && usage_now_ns() < end)
		client_poll(load, second_ns / 100);
	load->lost = sent - load->origin->received;
}

void bulk_up(struct load *load, struct result *result)
{
	static const struct workload workload = {.on_open = bulk_on_up_open,
						 .on_ready = bulk_on_up_ready};
	uint64_t received;

	load->workload = &workload;
	bulk_run(load, result, &received);
	load->units = load->origin->received - received;
	result_stop(load, result);
	result->after = usage_read(load->pid);
	bulk_end_up(load);
}
