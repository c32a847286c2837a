/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The benchmark's own origin: byte source, sink, echo and HTTP server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "origin.h"

enum origin_kind { ORIGIN_UNKNOWN, ORIGIN_SOURCE, ORIGIN_SINK, ORIGIN_ECHO, ORIGIN_HTTP };

struct origin_connection {
	enum origin_kind kind;
	bool writing; /* asked epoll for room */
	unsigned fill;
	uint64_t position; /* in the stream */
	uint64_t left;     /* of an HTTP body */
	unsigned char head[1024];
};

void origin_order(unsigned char order[ORIGIN_ORDER_LEN], char kind, uint32_t seed)
{
	memset(order, 0, ORIGIN_ORDER_LEN);
	order[0] = (unsigned char)kind;
	memcpy(order + 4, &seed, sizeof(seed));
}

static void origin_close(struct origin *origin, int fd)
{
	close(fd);
	origin->connections[fd] = (struct origin_connection){0};
}

static void origin_want_room(struct origin *origin, int fd, bool wanted)
{
	struct epoll_event event = {.events = wanted ? EPOLLOUT : EPOLLIN, .data.fd = fd};

	if (origin->connections[fd].writing == wanted)
		return;
	origin->connections[fd].writing = wanted;
	epoll_ctl(origin->epoll, EPOLL_CTL_MOD, fd, &event);
}

static void origin_sink(struct origin *origin, int fd, const unsigned char *bytes, size_t len)
{
	struct origin_connection *connection = &origin->connections[fd];
	uint64_t errors = pattern_errors(origin->pattern, connection->position, bytes, len);

	connection->position += len;
	origin->received += len;
	if (errors)
		origin->corrupted += errors;
}

static void origin_send_stream(struct origin *origin, int fd)
{
	struct origin_connection *connection = &origin->connections[fd];
	ssize_t n;

	if (origin->stop_sending) {
		shutdown(fd, SHUT_WR);
		origin_want_room(origin, fd, false);
		return;
	}
	n = send(fd, pattern_at(origin->pattern, connection->position), PATTERN_CHUNK,
		 MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		origin_close(origin, fd);
		return;
	}
	if (n > 0) {
		connection->position += (uint64_t)n;
		origin->sent += (uint64_t)n;
	}
}

static void origin_send_body(struct origin *origin, int fd)
{
	struct origin_connection *connection = &origin->connections[fd];

	while (connection->left > 0) {
		size_t len = connection->left < PATTERN_CHUNK ? connection->left : PATTERN_CHUNK;
		ssize_t n = send(fd, pattern_at(origin->pattern, connection->position), len,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			origin_close(origin, fd);
			return;
		}
		connection->left -= (uint64_t)n;
		connection->position += (uint64_t)n;
	}
	origin_want_room(origin, fd, connection->left > 0);
}

/* GET /LENGTH: so many bytes of the stream from 0. The head and the first bytes of the body leave
 * together. */
static void origin_answer(struct origin *origin, int fd)
{
	struct origin_connection *connection = &origin->connections[fd];
	unsigned char *end = memmem(connection->head, connection->fill, "\r\n\r\n", 4);
	struct iovec parts[2];
	char head[128];
	ssize_t n;

	if (!end)
		return;
	connection->fill -= (unsigned)(end + 4 - connection->head);
	connection->left = strtoull((const char *)connection->head + 5, NULL, 10);
	connection->position = 0;
	parts[0].iov_base = head;
	parts[0].iov_len = (size_t)snprintf(head, sizeof(head),
					    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
					    "Content-Length: %llu\r\n\r\n",
					    (unsigned long long)connection->left);
	parts[1].iov_base = (void *)(uintptr_t)pattern_at(origin->pattern, 0);
	parts[1].iov_len = connection->left < PATTERN_CHUNK ? connection->left : PATTERN_CHUNK;
	n = writev(fd, parts, 2);
	if (n < (ssize_t)parts[0].iov_len) {
		origin_close(origin, fd);
		return;
	}
	connection->position = (uint64_t)n - parts[0].iov_len;
	connection->left -= connection->position;
	if (connection->left > 0)
		origin_send_body(origin, fd);
}

/* The first bytes say what the client wants. */
static void origin_begin(struct origin *origin, int fd)
{
	struct origin_connection *connection = &origin->connections[fd];
	const unsigned char *head = connection->head;
	uint32_t seed;

	if (head[0] == 'G') {
		connection->kind = ORIGIN_HTTP;
		origin_answer(origin, fd);
	} else if (head[0] & 0x80) {
		connection->kind = ORIGIN_ECHO;
		if (send(fd, head, connection->fill, MSG_NOSIGNAL) != (ssize_t)connection->fill)
			origin_close(origin, fd);
	} else if (connection->fill >= ORIGIN_ORDER_LEN) {
		memcpy(&seed, head + 4, sizeof(seed));
		connection->position = seed;
		connection->kind = head[0] == 'D' ? ORIGIN_SOURCE : ORIGIN_SINK;
		if (head[0] == 'D')
			origin_want_room(origin, fd, true);
		else
			origin_sink(origin, fd, head + ORIGIN_ORDER_LEN,
				    connection->fill - ORIGIN_ORDER_LEN);
	}
}

static void origin_on_readable(struct origin *origin, int fd)
{
	struct origin_connection *connection = &origin->connections[fd];
	bool head = connection->kind == ORIGIN_UNKNOWN || connection->kind == ORIGIN_HTTP;
	unsigned char *into = head ? connection->head + connection->fill : origin->buffer;
	ssize_t n = recv(fd, into,
			 head ? sizeof(connection->head) - connection->fill : PATTERN_CHUNK, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		origin_close(origin, fd);
		return;
	}
	if (head)
		connection->fill += (unsigned)n;
	if (connection->kind == ORIGIN_UNKNOWN)
		origin_begin(origin, fd);
	else if (connection->kind == ORIGIN_HTTP)
		origin_answer(origin, fd);
	else if (connection->kind == ORIGIN_SINK)
		origin_sink(origin, fd, into, (size_t)n);
	else if (connection->kind == ORIGIN_ECHO && send(fd, into, (size_t)n, MSG_NOSIGNAL) != n)
		origin_close(origin, fd);
}

static void origin_on_accept(struct origin *origin)
{
	struct epoll_event event = {.events = EPOLLIN};
	int one = 1;
	int fd;

	while ((fd = accept4(origin->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= ORIGIN_CONNECTIONS) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		event.data.fd = fd;
		epoll_ctl(origin->epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static void *origin_run(void *argument)
{
	struct origin *origin = argument;
	struct epoll_event events[256];

	for (;;) {
		int count = epoll_wait(origin->epoll, events, 256, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == origin->listener)
				origin_on_accept(origin);
			else if (!origin->connections[fd].writing)
				origin_on_readable(origin, fd);
			else if (origin->connections[fd].kind == ORIGIN_SOURCE)
				origin_send_stream(origin, fd);
			else
				origin_send_body(origin, fd);
		}
	}
	return NULL;
}

int origin_start(struct origin *origin, const struct pattern *pattern, const char *ip,
		 uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t len = sizeof(address);
	struct epoll_event event = {.events = EPOLLIN};
	int one = 1;

	origin->pattern = pattern;
	origin->connections = calloc(ORIGIN_CONNECTIONS, sizeof(*origin->connections));
	origin->buffer = malloc(PATTERN_CHUNK);
	origin->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	origin->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!origin->connections || !origin->buffer || origin->listener < 0 || origin->epoll < 0)
		return -1;
	setsockopt(origin->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (inet_pton(AF_INET, ip, &address.sin_addr) != 1 ||
	    bind(origin->listener, (struct sockaddr *)&address, len) < 0 ||
	    listen(origin->listener, 4096) < 0 ||
	    getsockname(origin->listener, (struct sockaddr *)&address, &len) < 0)
		return -1;
	origin->port = ntohs(address.sin_port);
	event.data.fd = origin->listener;
	if (epoll_ctl(origin->epoll, EPOLL_CTL_ADD, origin->listener, &event) < 0)
		return -1;
	errno = pthread_create(&origin->thread, NULL, origin_run, origin);
	return errno ? -1 : 0;
}
