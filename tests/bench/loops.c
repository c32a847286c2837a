/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small work again and again: connections, messages, HTTP requests. Each answer is checked byte by
 * byte. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "workloads.h"

static const int64_t second_ns = 1000000000;

/* How long a loop may take to come to its end, or to do the units asked for. */
static const int64_t patience_ns = 120LL * 1000000000;

static bool loop_is_over(const struct load *load)
{
	return load->stopping || (load->units_wanted && load->units >= load->units_wanted);
}

/* One unit is done. */
static void loop_count(struct load *load, const struct client *client)
{
	load->units++;
	latency_add(&load->latency, usage_now_ns() - client->started_at);
}

static void loop_poll_until(struct load *load, int64_t end)
{
	int64_t now;

	while ((now = usage_now_ns()) < end && load->busy > 0)
		client_poll(load, end - now);
}

/* The units asked for, or a while to get going and then the time asked for; and what is under way
   is brought to its end, so that no failure hides there. */
static void loop_run(struct load *load, struct result *result)
{
	if (load->units_wanted) {
		result_start(load, result);
		while (load->busy > 0 && load->units < load->units_wanted)
			loop_poll_until(load, usage_now_ns() + patience_ns);
	} else {
		loop_poll_until(load, usage_now_ns() + second_ns / 4);
		result_start(load, result);
		loop_poll_until(load, usage_now_ns() + (int64_t)(load->seconds * 1e9));
	}
	result_stop(load, result);
	load->stopping = true;
	loop_poll_until(load, usage_now_ns() + 10 * second_ns);
	load->failures += load->busy;
}

static void loop_begin(struct load *load, struct client *client)
{
	client->started_at = usage_now_ns();
	client_start(load, client);
}

/* Connections: one byte there, the same back, close. */

static void connect_on_open(struct load *load, struct client *client)
{
	client_send(load, client, pattern_at(load->pattern, client->seed), 1);
}

static bool connect_is_answered(struct load *load, struct client *client)
{
	unsigned char byte;
	ssize_t n = recv(client->fd, &byte, 1, 0);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n != 1) {
		client_fail(load, client);
		return false;
	}
	load->corrupted += pattern_errors(load->pattern, client->seed++, &byte, 1);
	loop_count(load, client);
	client_close(load, client);
	return true;
}

static void connect_on_ready(struct load *load, struct client *client, uint32_t events)
{
	(void)events;
	if (connect_is_answered(load, client) && !loop_is_over(load))
		loop_begin(load, client);
}

static void connect_on_failed(struct load *load, struct client *client)
{
	/* A proxy that refuses everything would be asked without end. */
	if (!loop_is_over(load) && load->failures < 1000)
		loop_begin(load, client);
}

void loop_connect(struct load *load, struct result *result)
{
	static const struct workload workload = {.on_open = connect_on_open,
						 .on_ready = connect_on_ready,
						 .on_failed = connect_on_failed};

	load->workload = &workload;
	for (unsigned i = 0; i < load->tunnels; i++)
		loop_begin(load, &load->clients[i]);
	loop_run(load, result);
}

static void arrival_on_ready(struct load *load, struct client *client, uint32_t events)
{
	(void)events;
	connect_is_answered(load, client);
}

/* Connections that come when they are due, whether or not the proxy keeps up: a time counts from
   when it was due, also when no client was free then, so a stall is not hidden by those who wait
   for it. */
void loop_open(struct load *load, struct result *result)
{
	static const struct workload workload = {.on_open = connect_on_open,
						 .on_ready = arrival_on_ready};
	uint64_t wanted = (uint64_t)(load->rate * load->seconds), begun = 0;
	double gap_ns = 1e9 / load->rate;
	unsigned next = 0;

	load->workload = &workload;
	result_start(load, result);
	while (begun < wanted || load->busy > 0) {
		int64_t now = usage_now_ns();
		int64_t due = result->started_at + (int64_t)((double)begun * gap_ns);

		if (now > result->started_at + (int64_t)(load->seconds * 1e9) + 20 * second_ns)
			break;
		if (begun == wanted || now < due || load->busy == load->tunnels) {
			client_poll(load,
				    begun < wanted && now < due ? due - now : second_ns / 100);
			continue;
		}
		while (load->clients[next].stage != CLIENT_CLOSED)
			next = (next + 1) % load->tunnels;
		load->clients[next].started_at = due;
		client_start(load, &load->clients[next]);
		begun++;
		client_poll(load, 0);
	}
	result_stop(load, result);
	load->failures += load->busy + (wanted - begun);
}

/* Messages there and back. */

static void pingpong_send(struct load *load, struct client *client)
{
	client->started_at = usage_now_ns();
	client->left = load->size;
	client_send(load, client, pattern_at(load->pattern, client->seed + client->received),
		    load->size);
}

static void pingpong_on_ready(struct load *load, struct client *client, uint32_t events)
{
	ssize_t n = recv(client->fd, load->buffer, load->size, 0);

	(void)events;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || (uint64_t)n > client->left) {
		client_fail(load, client);
		return;
	}
	load->corrupted += pattern_errors(load->pattern, client->seed + client->received,
					  load->buffer, (size_t)n);
	client->received += (uint64_t)n;
	client->left -= (uint64_t)n;
	if (client->left > 0)
		return;
	loop_count(load, client);
	if (loop_is_over(load))
		client_close(load, client);
	else
		pingpong_send(load, client);
}

void loop_pingpong(struct load *load, struct result *result)
{
	static const struct workload workload = {.on_open = pingpong_send,
						 .on_ready = pingpong_on_ready};

	load->workload = &workload;
	load_open(load, load->tunnels);
	loop_run(load, result);
}

/* HTTP requests on connections that are kept. */

static void http_send(struct load *load, struct client *client)
{
	char request[256];
	int len = load->via == VIA_HTTP ? snprintf(request, sizeof(request),
						   "GET http://%s:%u/%u HTTP/1.1\r\nHost: %s:%u\r\n"
						   "User-Agent: load\r\nAccept: */*\r\n\r\n",
						   load->target, load->origin->port, load->size,
						   load->target, load->origin->port)
					: snprintf(request, sizeof(request),
						   "GET /%u HTTP/1.1\r\nHost: %s:%u\r\n"
						   "User-Agent: load\r\nAccept: */*\r\n\r\n",
						   load->size, load->target, load->origin->port);

	client->started_at = usage_now_ns();
	client->fill = 0;
	client->left = load->size;
	client->received = 0;
	client_send(load, client, request, (size_t)len);
}

/* Takes the head off what was received. Returns its length, 0 if more is needed, -1 if it is no
 * good answer. */
static int http_take_head(struct load *load, struct client *client, size_t len)
{
	size_t part = sizeof(client->head) - 1 - client->fill;
	unsigned before = client->fill;
	char *end, *length;

	part = len < part ? len : part;
	memcpy(client->head + client->fill, load->buffer, part);
	client->fill += (unsigned)part;
	client->head[client->fill] = 0;
	end = strstr((char *)client->head, "\r\n\r\n");
	if (!end)
		return client->fill < sizeof(client->head) - 1 ? 0 : -1;
	length = strcasestr((char *)client->head, "\r\ncontent-length:");
	if (strncmp((char *)client->head + 8, " 200", 4) != 0 || !length || length > end ||
	    strtoull(length + 17, NULL, 10) != client->left)
		return -1;
	client->step = 1;
	return (int)(end + 4 - (char *)client->head - before);
}

static void http_on_end(struct load *load, struct client *client)
{
	bool kept = !strcasestr((char *)client->head, "\r\nconnection: close");

	client->step = 0;
	client->done = true;
	loop_count(load, client);
	if (loop_is_over(load) || !kept)
		client_close(load, client);
	if (loop_is_over(load))
		return;
	if (kept)
		http_send(load, client);
	else
		loop_begin(load, client);
}

static void http_on_ready(struct load *load, struct client *client, uint32_t events)
{
	int head = 0;
	ssize_t n = -1;

	(void)events;
	/* Edges: everything that is there is read, and the next request makes the next edge. */
	while (client->stage == CLIENT_OPEN &&
	       (n = recv(client->fd, load->buffer, PATTERN_CHUNK, 0)) != 0) {
		if (n < 0 && errno == EAGAIN)
			return;
		head = n > 0 && !client->step ? http_take_head(load, client, (size_t)n) : 0;
		if (n < 0 || head < 0 || (client->step && (uint64_t)(n - head) > client->left))
			break;
		if (!client->step)
			continue;
		load->corrupted += pattern_errors(load->pattern, client->received,
						  load->buffer + head, (size_t)(n - head));
		client->received += (uint64_t)(n - head);
		client->left -= (uint64_t)(n - head);
		if (client->left > 0)
			continue;
		http_on_end(load, client);
		return;
	}
	if (client->stage != CLIENT_OPEN)
		return;
	/* A server may end a kept connection instead of answering once more: that is asked again.
	 */
	if (n <= 0 && client->fill == 0 && client->done) {
		client_close(load, client);
		loop_begin(load, client);
	} else {
		client_fail(load, client);
	}
}

void loop_http(struct load *load, struct result *result)
{
	static const struct workload workload = {
		.on_open = http_send, .on_ready = http_on_ready, .on_failed = connect_on_failed};

	load->workload = &workload;
	load_open(load, load->tunnels);
	loop_run(load, result);
}
