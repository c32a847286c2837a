/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's side of the control API (egressctl(8), THE CONTROL API): turns HTTP into calls of
 * the backend and its answers into JSON. Everything here, the done functions too, belongs to the
 * thread of the event_base.
 */
#ifndef EGRESSD_API_H
#define EGRESSD_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

struct api;
struct api_status;
struct config;
struct event_base;

/* By value all through: it crosses threads. An empty text is "none". */
struct api_connection {
	uint64_t id;
	char client[64], user[64]; /* longer ones are cut */
	struct address source;
	char method[16]; /* "CONNECT", "GET", "SOCKS5", "UDP", ... */
	char host[256];  /* "" with "log hosts no" */
	uint16_t port;
	struct address address; /* really dialled; AF_UNSPEC: none yet, or names pass on */
	char egress[64];
	uint32_t epoch;
	char rule[128];        /* "egress.conf:17" */
	char state[16];        /* "handshake", "held", "dialling", "relaying", ... */
	int64_t started_at_ms; /* wall clock */
	uint64_t bytes_sent, bytes_received;
};

/* To be called exactly once, now or later, but not after api_free. What is passed is borrowed. */
typedef void api_connections_done_fn(void *arg, const struct api_connection *list, size_t count);
typedef void api_kill_done_fn(void *arg, bool found);

/* report: config_report_text() of the attempt, or NULL. */
typedef void api_reload_done_fn(void *arg, bool ok, const char *report);

struct api_backend {
	/* A snapshot, valid until the next call or the return to the event loop. Never NULL. */
	const struct api_status *(*status)(void *daemon);
	/* The config in force; the caller has a reference of it and gives it back. Never NULL. */
	struct config *(*config)(void *daemon);
	void (*connections)(void *daemon, api_connections_done_fn *done, void *arg);
	void (*kill)(void *daemon, uint64_t id, api_kill_done_fn *done, void *arg);
	void (*reload)(void *daemon, api_reload_done_fn *done, void *arg);
};

/* Serves on a listening Unix socket (control_listen); takes fd. backend and daemon are borrowed.
 * NULL + errno. */
MUST_CHECK struct api *api_new(struct event_base *base, int fd, const struct api_backend *backend,
			       void *daemon);

/* Closes the socket and drops the questions that wait; their done must not be called any more. */
void api_free(struct api *api);

#endif
