/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference: the least a relay can do, as the limit to compare with. SOCKS5 without login, a fixed
   target, or HTTP requests to a fixed target (one read is one request, the answer is passed on
   unread). Listens on 127.0.0.1. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reference.h"

static int reference_watch(struct worker *worker, struct side *side)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				    .data.ptr = side};
	int one = 1;

	setsockopt(side->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, side->fd, &event);
}

static void pair_dial(struct worker *worker, struct pair *pair, const struct sockaddr_in *to)
{
	struct side *origin = &pair->side[1];

	pair->stage = PAIR_DIALLING;
	origin->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (origin->fd < 0 ||
	    (connect(origin->fd, (const struct sockaddr *)to, sizeof(*to)) < 0 &&
	     errno != EINPROGRESS) ||
	    reference_watch(worker, origin) < 0)
		relay_close(worker, pair);
}

/* Each message of the handshake is taken to come in one read. */
static void pair_shake(struct worker *worker, struct pair *pair)
{
	static const unsigned char no_login[] = {5, 0};
	struct sockaddr_in to = {.sin_family = AF_INET};
	unsigned char message[300];
	ssize_t n = recv(pair->side[0].fd, message, sizeof(message), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 3 || message[0] != 5)
		goto fail;
	if (pair->stage == PAIR_GREETING) {
		pair->stage = PAIR_REQUEST;
		if (send(pair->side[0].fd, no_login, 2, MSG_NOSIGNAL) == 2)
			return;
		goto fail;
	}
	if (n != 10 || message[1] != 1 || message[3] != 1)
		goto fail;
	memcpy(&to.sin_addr, message + 4, 4);
	memcpy(&to.sin_port, message + 8, 2);
	pair_dial(worker, pair, &to);
	return;
fail:
	relay_close(worker, pair);
}

static void pair_on_dialled(struct worker *worker, struct pair *pair, uint32_t events)
{
	static const unsigned char connected[] = {5, 0, 0, 1, 0, 0, 0, 0, 0, 0};

	if (events & (EPOLLERR | EPOLLHUP)) {
		relay_close(worker, pair);
		return;
	}
	if (!(events & EPOLLOUT))
		return;
	pair->stage = PAIR_RELAY;
	if (worker->mode == MODE_SOCKS &&
	    send(pair->side[0].fd, connected, sizeof(connected), MSG_NOSIGNAL) < 0) {
		relay_close(worker, pair);
		return;
	}
	/* With a fixed target the client may have spoken already. */
	if (worker->mode != MODE_SOCKS)
		relay_move(worker, pair, 0);
}

static void reference_on_event(struct worker *worker, struct side *side, uint32_t events)
{
	struct pair *pair = side->pair;
	int index = side == &pair->side[1];

	if (events & (EPOLLRDHUP | EPOLLHUP))
		side->hung_up = true;
	if (pair->stage == PAIR_DIALLING && index == 1) {
		pair_on_dialled(worker, pair, events);
	} else if (pair->stage == PAIR_GREETING || pair->stage == PAIR_REQUEST) {
		if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
			pair_shake(worker, pair);
	} else if (pair->stage == PAIR_RELAY) {
		struct flow *other = &pair->flow[!index];

		if ((events & EPOLLOUT) && (other->left || other->spliced))
			relay_move(worker, pair, !index);
		if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) && pair->stage == PAIR_RELAY)
			relay_move(worker, pair, index);
	}
}

static void reference_on_accept(struct worker *worker)
{
	int fd;

	while ((fd = accept4(worker->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct pair *pair = calloc(1, sizeof(*pair));

		if (!pair) {
			close(fd);
			continue;
		}
		pair->side[0] = (struct side){.pair = pair, .fd = fd};
		pair->side[1] = (struct side){.pair = pair, .fd = -1};
		if (reference_watch(worker, &pair->side[0]) < 0)
			relay_close(worker, pair);
		else if (worker->mode != MODE_SOCKS)
			pair_dial(worker, pair, &worker->target);
	}
}

static void *reference_run(void *argument)
{
	struct worker *worker = argument;
	struct epoll_event events[256];

	for (;;) {
		int count = epoll_wait(worker->epoll, events, 256, -1);

		for (int i = 0; i < count; i++) {
			if (!events[i].data.ptr)
				reference_on_accept(worker);
			else
				reference_on_event(worker, events[i].data.ptr, events[i].events);
		}
		while (worker->dead) {
			struct pair *pair = worker->dead;

			worker->dead = pair->next_dead;
			free(pair);
		}
	}
	return NULL;
}

static int reference_start(const struct worker *pattern)
{
	struct worker *worker = malloc(sizeof(*worker));
	struct epoll_event event = {.events = EPOLLIN};
	pthread_t thread;
	int one = 1;

	if (!worker)
		return -1;
	*worker = *pattern;
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	worker->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(worker->listener, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(worker->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Behind a fixed target the server may be the one that speaks first. */
	if (worker->mode != MODE_FIXED)
		setsockopt(worker->listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof(one));
	if (bind(worker->listener, (struct sockaddr *)&worker->listen, sizeof(worker->listen)) <
		    0 ||
	    listen(worker->listener, 4096) < 0 ||
	    epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->listener, &event) < 0)
		return -1;
	errno = pthread_create(&thread, NULL, reference_run, worker);
	return errno ? -1 : 0;
}

int main(int argc, char **argv)
{
	static struct worker pattern;
	struct rlimit limit;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (argc < 3 || argc > 4) {
		fputs("usage: reference socks|fixed|http PORT [TARGET_PORT]\n", stderr);
		return 2;
	}
	pattern.mode = argv[1][0] == 's' ? MODE_SOCKS : argv[1][0] == 'f' ? MODE_FIXED : MODE_HTTP;
	pattern.listen =
		(struct sockaddr_in){.sin_family = AF_INET,
				     .sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pattern.target = pattern.listen;
	pattern.target.sin_port = htons(argc == 4 ? (uint16_t)strtoul(argv[3], NULL, 10) : 0);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (long i = 0; i < cores; i++) {
		if (reference_start(&pattern) < 0) {
			fprintf(stderr, "reference: %s\n", strerror(errno));
			return 1;
		}
	}
	pause();
	return 0;
}
