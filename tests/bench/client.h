/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The load generator's connections: dialled through a proxy, brought to the origin, then handed to
 * a workload. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "latency.h"
#include "origin.h"

/* How the origin is reached. DIRECT needs no handshake: the origin itself, a relay, or a reverse
 * proxy. */
enum client_via { VIA_DIRECT, VIA_CONNECT, VIA_SOCKS5, VIA_HTTP };

enum client_stage { CLIENT_CLOSED, CLIENT_DIALLING, CLIENT_SHAKING, CLIENT_OPEN };

struct client {
	enum client_stage stage;
	int fd;
	unsigned step; /* of the handshake */
	unsigned fill; /* bytes of the present answer */
	bool done;     /* the workload has all it wanted of this one */
	uint32_t seed;
	uint64_t sent;
	uint64_t received;
	uint64_t left; /* of an HTTP body */
	int64_t started_at;
	unsigned char head[512];
};

struct load;

/* What a workload does; unset ones do nothing. on_failed comes after the client was closed and
 * counted. */
struct workload {
	void (*on_open)(struct load *load, struct client *client);
	void (*on_ready)(struct load *load, struct client *client, uint32_t events);
	void (*on_failed)(struct load *load, struct client *client);
};

/* One message of a handshake and what answers it. */
struct client_step {
	unsigned char message[600];
	unsigned len;
	unsigned answer_len; /* 0: up to an empty line, as HTTP has it */
	unsigned char wanted[3];
	unsigned wanted_len; /* the answer begins so */
};

struct load {
	enum client_via via;
	struct sockaddr_in proxy;
	const char *target; /* the origin, as proxies are asked for it */
	pid_t pid;          /* whose CPU counts; 0: nobody's */
	unsigned tunnels;
	unsigned size; /* of a message or body */
	double seconds;
	double rate;
	uint64_t units_wanted; /* 0: as many as the time allows */

	struct pattern *pattern;
	struct origin *origin;
	const struct workload *workload;
	struct client *clients;
	unsigned char *buffer; /* PATTERN_CHUNK */
	int epoll;
	struct client_step steps[3];
	unsigned step_count;

	bool stopping; /* nothing new begins */
	unsigned open;
	unsigned busy; /* not closed */
	uint64_t units;
	uint64_t failures;
	uint64_t corrupted;
	uint64_t lost;
	struct latency latency;
};

/* Prepares the handshake; the login may be NULL. -1 if it does not fit. */
int client_prepare(struct load *load, const char *user, const char *password);

/* Dials. on_open or on_failed follows, perhaps at once. */
void client_start(struct load *load, struct client *client);
void client_close(struct load *load, struct client *client);
void client_fail(struct load *load, struct client *client);

/* Asks for these events while they last, as a bulk stream needs; otherwise a client sees edges. */
void client_watch_level(struct load *load, struct client *client, uint32_t events);

/* Sends all of it, which must fit into a socket buffer; a failure fails the client. */
bool client_send(struct load *load, struct client *client, const void *bytes, size_t len);

/* Waits so long at most and calls what the events ask for. */
void client_poll(struct load *load, int64_t timeout_ns);

#endif
