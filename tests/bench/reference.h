/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reference relay's parts: what a proxy costs when it decides nothing, logs nothing and can
 * fail. */
#ifndef BENCH_REFERENCE_H
#define BENCH_REFERENCE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REFERENCE_BUFFER = 64 * 1024, REFERENCE_PIPE = 1024 * 1024, REFERENCE_PIPES = 64 };

struct pipe_pair {
	int read, write;
};

/* One direction, named after the side it reads from. */
struct flow {
	struct pipe_pair pipe;
	bool spliced; /* the pipe is in use */
	bool ended;
	size_t held; /* bytes in the pipe */
	unsigned char *left;
	size_t left_at, left_len;
};

struct pair;

struct side {
	struct pair *pair;
	int fd;
	bool hung_up; /* the end of its stream is near: read until it comes */
};

enum pair_stage { PAIR_GREETING, PAIR_REQUEST, PAIR_DIALLING, PAIR_RELAY, PAIR_DEAD };

struct pair {
	struct side side[2]; /* client, origin */
	struct flow flow[2];
	enum pair_stage stage;
	struct pair *next_dead;
};

enum reference_mode { MODE_SOCKS, MODE_FIXED, MODE_HTTP };

struct worker {
	enum reference_mode mode;
	struct sockaddr_in listen;
	struct sockaddr_in target;
	int listener;
	int epoll;
	struct pipe_pair pool[REFERENCE_PIPES];
	unsigned pooled;
	struct pair *dead; /* freed after the batch of events that may still name them */
	unsigned char buffer[REFERENCE_BUFFER];
};

/* Moves what can be moved from that side to the other. */
void relay_move(struct worker *worker, struct pair *pair, int from);

void relay_close(struct worker *worker, struct pair *pair);

#endif
