/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control API: HTTP/JSON over a Unix socket (libevent's evhttp). Runs in the thread of its
 * event_base. Only root and the daemon's own uid may speak (SO_PEERCRED); heads and bodies are
 * bounded.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <jansson.h>
#include <stddef.h>

#include "base/compiler.h"

struct control_request;
struct control_server;
struct event_base;

/* Must answer with exactly one control_reply_*, now or later. */
typedef void control_handler_fn(void *arg, struct control_request *request);

struct control_route {
	const char *method; /* "GET", "POST", "DELETE" */
	const char *path;   /* exact, or ending in "/" for everything below it */
	control_handler_fn *handler;
};

/* A listening Unix socket at path, mode 0660; a stale one is replaced, a living one is an error
 * (EADDRINUSE). -1 + errno. */
MUST_CHECK int control_listen(const char *path);

/* Serves routes (borrowed, lives on) on a listening socket; takes fd. NULL + errno. */
MUST_CHECK struct control_server *control_server_new(struct event_base *base, int fd,
						     const struct control_route *routes,
						     size_t count, void *arg);

/* Requests not answered yet are dropped; their handlers must not answer any more. */
void control_server_free(struct control_server *server);

/* The path after the route's own; the JSON body (borrowed; NULL: none). */
const char *control_request_rest(const struct control_request *request);
const json_t *control_request_body(const struct control_request *request);

/* Takes body. status is HTTP's. */
void control_reply_json(struct control_request *request, int status, json_t *body);

/* {"error": "..."} with one plain sentence. */
void control_reply_error(struct control_request *request, int status, const char *sentence);

/* Any other type, such as Prometheus' text format. text is copied. */
void control_reply_text(struct control_request *request, int status, const char *content_type,
			const char *text, size_t len);

#endif
