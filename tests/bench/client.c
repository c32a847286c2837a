/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The load generator's connections and their handshakes. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

static int client_prepare_connect(struct load *load, const char *user, const char *password)
{
	struct client_step *step = &load->steps[0];
	char login[400], encoded[540] = "";
	int len;

	if (user) {
		static const char letters[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
		unsigned count = (unsigned)snprintf(login, sizeof(login), "%s:%s", user, password);
		unsigned at = 0;

		if (count >= sizeof(login) - 3)
			return -1;
		memset(login + count, 0, 3);
		for (unsigned i = 0; i < count; i += 3) {
			uint32_t group = (uint32_t)(unsigned char)login[i] << 16 |
					 (uint32_t)(unsigned char)login[i + 1] << 8 |
					 (uint32_t)(unsigned char)login[i + 2];

			encoded[at++] = letters[group >> 18];
			encoded[at++] = letters[group >> 12 & 63];
			encoded[at++] = i + 1 < count ? letters[group >> 6 & 63] : '=';
			encoded[at++] = i + 2 < count ? letters[group & 63] : '=';
		}
		encoded[at] = 0;
	}
	len = snprintf((char *)step->message, sizeof(step->message),
		       "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n%s%s%s\r\n", load->target,
		       load->origin->port, load->target, load->origin->port,
		       user ? "Proxy-Authorization: Basic " : "", encoded, user ? "\r\n" : "");
	if (len < 0 || len >= (int)sizeof(step->message))
		return -1;
	step->len = (unsigned)len;
	load->step_count = 1;
	return 0;
}

static int client_prepare_socks(struct load *load, const char *user, const char *password)
{
	struct client_step *step = load->steps;
	size_t user_len = user ? strlen(user) : 0, password_len = password ? strlen(password) : 0;
	unsigned char method = user ? 2 : 0;

	if (user_len > 255 || password_len > 255)
		return -1;
	*step++ = (struct client_step){.message = {5, 1, method},
				       .len = 3,
				       .answer_len = 2,
				       .wanted = {5, method},
				       .wanted_len = 2};
	if (user) {
		*step = (struct client_step){.message = {1, (unsigned char)user_len},
					     .len = (unsigned)(3 + user_len + password_len),
					     .answer_len = 2,
					     .wanted = {1, 0},
					     .wanted_len = 2};
		memcpy(step->message + 2, user, user_len);
		step->message[2 + user_len] = (unsigned char)password_len;
		memcpy(step->message + 3 + user_len, password, password_len);
		step++;
	}
	*step = (struct client_step){.message = {5, 1, 0,
						 1, [8] = (unsigned char)(load->origin->port >> 8),
						 (unsigned char)(load->origin->port & 0xff)},
				     .len = 10,
				     .answer_len = 10,
				     .wanted = {5, 0, 0},
				     .wanted_len = 3};
	if (inet_pton(AF_INET, load->target, step->message + 4) != 1)
		return -1;
	step++;
	load->step_count = (unsigned)(step - load->steps);
	return 0;
}

int client_prepare(struct load *load, const char *user, const char *password)
{
	load->step_count = 0;
	if (load->via == VIA_CONNECT)
		return client_prepare_connect(load, user, password);
	if (load->via == VIA_SOCKS5)
		return client_prepare_socks(load, user, password);
	return 0;
}

void client_close(struct load *load, struct client *client)
{
	close(client->fd);
	if (client->stage == CLIENT_OPEN)
		load->open--;
	load->busy--;
	client->stage = CLIENT_CLOSED;
}

void client_fail(struct load *load, struct client *client)
{
	load->failures++;
	client_close(load, client);
	if (load->workload->on_failed)
		load->workload->on_failed(load, client);
}

bool client_send(struct load *load, struct client *client, const void *bytes, size_t len)
{
	if (send(client->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len)
		return true;
	client_fail(load, client);
	return false;
}

void client_watch_level(struct load *load, struct client *client, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = client};

	epoll_ctl(load->epoll, EPOLL_CTL_MOD, client->fd, &event);
}

/* Sends the next message of the handshake, or hands the connection to the workload. */
static void client_step(struct load *load, struct client *client)
{
	const struct client_step *step = &load->steps[client->step];

	client->fill = 0;
	if (client->step < load->step_count) {
		client->stage = CLIENT_SHAKING;
		client_send(load, client, step->message, step->len);
		return;
	}
	client->stage = CLIENT_OPEN;
	load->open++;
	load->workload->on_open(load, client);
}

void client_start(struct load *load, struct client *client)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				    .data.ptr = client};
	uint32_t seed = client->seed;
	int64_t started_at = client->started_at;
	int one = 1;

	*client = (struct client){.stage = CLIENT_DIALLING, .seed = seed, .started_at = started_at};
	load->busy++;
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		goto fail;
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(client->fd, (struct sockaddr *)&load->proxy, sizeof(load->proxy)) < 0 &&
	    errno != EINPROGRESS)
		goto fail;
	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) == 0)
		return;
fail:
	client_fail(load, client);
}

/* Never reads past the answer: what follows it is the workload's. */
static void client_on_answer(struct load *load, struct client *client)
{
	const struct client_step *step = &load->steps[client->step];
	size_t room = step->answer_len ? step->answer_len - client->fill
				       : sizeof(client->head) - client->fill;
	ssize_t n = recv(client->fd, client->head + client->fill, room, 0);
	bool complete, right;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client_fail(load, client);
		return;
	}
	client->fill += (unsigned)n;
	if (step->answer_len) {
		complete = client->fill == step->answer_len;
		right = memcmp(client->head, step->wanted, step->wanted_len) == 0;
	} else {
		/* The origin speaks only when spoken to: the empty line is the end. */
		complete = client->fill > 4 &&
			   memcmp(client->head + client->fill - 4, "\r\n\r\n", 4) == 0;
		right = memcmp(client->head, "HTTP/1.", 7) == 0 &&
			memcmp(client->head + 8, " 200", 4) == 0;
	}
	if (!complete)
		return;
	if (!right) {
		client_fail(load, client);
		return;
	}
	client->step++;
	client_step(load, client);
}

static void client_on_event(struct load *load, struct client *client, uint32_t events)
{
	switch (client->stage) {
	case CLIENT_CLOSED:
		return;
	case CLIENT_DIALLING:
		if (events & (EPOLLERR | EPOLLHUP))
			client_fail(load, client);
		else if (events & EPOLLOUT)
			client_step(load, client);
		return;
	case CLIENT_SHAKING:
		if (events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP))
			client_on_answer(load, client);
		return;
	case CLIENT_OPEN:
		load->workload->on_ready(load, client, events);
		return;
	}
}

void client_poll(struct load *load, int64_t timeout_ns)
{
	struct epoll_event events[256];
	struct timespec timeout = {.tv_sec = timeout_ns / 1000000000,
				   .tv_nsec = timeout_ns % 1000000000};
	int count = epoll_pwait2(load->epoll, events, 256, &timeout, NULL);

	/* A client closed and started anew within the batch has no second event there: one event
	 * for each descriptor. */
	for (int i = 0; i < count; i++)
		client_on_event(load, events[i].data.ptr, events[i].events);
}
