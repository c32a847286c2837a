/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tunnels that do nothing: what they cost, and whether each still answers. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "workloads.h"

static const int64_t second_ns = 1000000000;

static void idle_on_open(struct load *load, struct client *client)
{
	(void)load;
	(void)client;
}

static void idle_on_ready(struct load *load, struct client *client, uint32_t events)
{
	unsigned char byte;
	ssize_t n = recv(client->fd, &byte, 1, 0);

	(void)events;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n != 1 || client->done) {
		client_fail(load, client);
		return;
	}
	load->corrupted += pattern_errors(load->pattern, client->seed, &byte, 1);
	latency_add(&load->latency, usage_now_ns() - client->started_at);
	client->done = true;
	load->units++;
}

static bool idle_ask(struct load *load, struct client *client)
{
	client->started_at = usage_now_ns();
	return client_send(load, client, pattern_at(load->pattern, client->seed), 1);
}

void idle_hold(struct load *load, struct result *result)
{
	static const struct workload workload = {.on_open = idle_on_open,
						 .on_ready = idle_on_ready};
	uint64_t asked = 0;
	int64_t end;

	load->workload = &workload;
	load_open(load, load->tunnels);
	/* Held for the time asked: whoever gives buffers back after a while may do so. */
	end = usage_now_ns() + (int64_t)(load->seconds * 1e9);
	while (usage_now_ns() < end)
		client_poll(load, second_ns / 100);
	result->after = usage_read(load->pid);
	result_start(load, result);
	for (unsigned i = 0; i < load->tunnels; i++) {
		if (load->clients[i].stage == CLIENT_OPEN && idle_ask(load, &load->clients[i]))
			asked++;
		if (asked % 64 == 0)
			client_poll(load, 0);
	}
	end = usage_now_ns() + 10 * second_ns;
	while (load->units < asked && usage_now_ns() < end)
		client_poll(load, second_ns / 10);
	load->failures += asked - load->units;
	result_stop(load, result);
}
