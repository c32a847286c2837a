/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The benchmark's own origin: a thread that is byte source, sink, echo and HTTP server on one port
   of 127.0.0.1. The first byte of a connection chooses: 'D' and 'U' begin an order (see
   origin_order), 'G' an HTTP request; a byte with the top bit set is echoed, and all that follow.
 */
#ifndef BENCH_ORIGIN_H
#define BENCH_ORIGIN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "pattern.h"

enum { ORIGIN_ORDER_LEN = 8, ORIGIN_CONNECTIONS = 20000 };

struct origin_connection;

struct origin {
	const struct pattern *pattern;
	struct origin_connection *connections; /* by descriptor */
	unsigned char *buffer;
	pthread_t thread;
	int listener;
	int epoll;
	uint16_t port;
	_Atomic(uint64_t) sent;
	_Atomic(uint64_t) received;
	_Atomic(uint64_t) corrupted;
	_Atomic(int) stop_sending; /* sources end their streams */
};

/* Listens on the address and port, or any port if 0, and starts the thread. It lives until the
 * process ends. */
int origin_start(struct origin *origin, const struct pattern *pattern, const char *ip,
		 uint16_t port);

/* What a client sends first: 'D', send me the stream from the seed on until stop_sending; 'U', take
 * mine. */
void origin_order(unsigned char order[ORIGIN_ORDER_LEN], char kind, uint32_t seed);

#endif
