/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control API's server: evhttp on a Unix socket, routes, and replies now or later. */
#include "control/server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

enum {
	HEAD_MAX = 8192,
	BODY_MAX = 65536,
	TIMEOUT_S = 10,
	EVERY_METHOD = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
		       EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
		       EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH,
};

struct control_request {
	LIST_ENTRY(control_request) entry; /* of control_server.pending */
	struct evhttp_request *http;
	const char *rest;
	json_t *body;
};

struct control_server {
	struct evhttp *http;
	const struct control_route *routes;
	size_t count;
	void *arg;
	LIST_HEAD(, control_request) pending; /* handed to a handler and not answered yet */
};

static void control_request_free(struct control_request *request)
{
	LIST_REMOVE(request, entry);
	json_decref(request->body);
	free(request);
}

const char *control_request_rest(const struct control_request *request)
{
	return request->rest;
}

const json_t *control_request_body(const struct control_request *request)
{
	return request->body;
}

static void http_reply(struct evhttp_request *http, int status, const char *content_type,
		       const char *text, size_t len)
{
	struct evkeyvalq *head = evhttp_request_get_output_headers(http);

	evhttp_add_header(head, "Content-Type", content_type);
	evhttp_add_header(head, "Cache-Control", "no-store");
	/* Out of memory here sends an empty body with the status: still an answer. */
	(void)evbuffer_add(evhttp_request_get_output_buffer(http), text, len);
	evhttp_send_reply(http, status, NULL, NULL);
}

static void http_reply_json(struct evhttp_request *http, int status, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	if (text)
		http_reply(http, status, "application/json", text, strlen(text));
	else
		http_reply(http, HTTP_INTERNAL, "application/json", "{}", 2);
	free(text);
	json_decref(body);
}

static void http_reply_error(struct evhttp_request *http, int status, const char *sentence)
{
	http_reply_json(http, status, json_pack("{s:s}", "error", sentence));
}

void control_reply_text(struct control_request *request, int status, const char *content_type,
			const char *text, size_t len)
{
	struct evhttp_request *http = request->http;

	control_request_free(request);
	http_reply(http, status, content_type, text, len);
}

void control_reply_json(struct control_request *request, int status, json_t *body)
{
	struct evhttp_request *http = request->http;

	control_request_free(request);
	http_reply_json(http, status, body);
}

void control_reply_error(struct control_request *request, int status, const char *sentence)
{
	struct evhttp_request *http = request->http;

	control_request_free(request);
	http_reply_error(http, status, sentence);
}

/* The rest of the path, or NULL when the route is another's. */
static const char *route_match(const struct control_route *route, const char *path)
{
	size_t len = strlen(route->path);

	if (strncmp(path, route->path, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return path + len;
	return route->path[len - 1] == '/' ? path + len : NULL;
}

static const char *method_name(const struct evhttp_request *http)
{
	switch (evhttp_request_get_command(http)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	default:
		return "";
	}
}

/* The kernel's word on who connected; nothing the peer says can change it. */
static bool peer_is_permitted(struct evhttp_request *http)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(http);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

/* 0, or -1 when a body is there and cannot be read. */
static int body_read(struct evhttp_request *http, json_t **body)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(http);
	size_t len = evbuffer_get_length(input);

	*body = NULL;
	if (len == 0)
		return 0;
	*body = json_loadb((const char *)evbuffer_pullup(input, -1), len, JSON_REJECT_DUPLICATES,
			   NULL);
	return *body ? 0 : -1;
}

static void server_start(struct control_server *server, const struct control_route *route,
			 struct evhttp_request *http, const char *rest)
{
	struct control_request *request = calloc(1, sizeof(*request));

	if (!request) {
		http_reply_error(http, HTTP_INTERNAL, "out of memory");
		return;
	}
	LIST_INSERT_HEAD(&server->pending, request, entry);
	request->http = http;
	request->rest = rest;
	if (evhttp_uri_get_query(evhttp_request_get_evhttp_uri(http)) != NULL)
		control_reply_error(request, HTTP_BADREQUEST, "nothing here takes a query");
	else if (body_read(http, &request->body) < 0)
		control_reply_error(request, HTTP_BADREQUEST, "the body is not JSON");
	else
		route->handler(server->arg, request);
}

static void server_route(struct control_server *server, struct evhttp_request *http)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(http));
	bool known = false;

	for (size_t i = 0; path && i < server->count; i++) {
		const struct control_route *route = &server->routes[i];
		const char *rest = route_match(route, path);

		if (rest && strcmp(route->method, method_name(http)) == 0) {
			server_start(server, route, http, rest);
			return;
		}
		known = known || rest;
	}
	if (known)
		http_reply_error(http, HTTP_BADMETHOD, "this path does not take that method");
	else
		http_reply_error(http, HTTP_NOTFOUND, "there is nothing at this path");
}

static void server_on_request(struct evhttp_request *http, void *arg)
{
	if (peer_is_permitted(http)) {
		server_route(arg, http);
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(http), "Connection", "close");
	http_reply_error(http, 403, "only root and the user egressd runs as may ask");
}

struct control_server *control_server_new(struct event_base *base, int fd,
					  const struct control_route *routes, size_t count,
					  void *arg)
{
	struct control_server *server = calloc(1, sizeof(*server));

	if (!server)
		goto fail;
	server->routes = routes;
	server->count = count;
	server->arg = arg;
	LIST_INIT(&server->pending);
	server->http = evhttp_new(base);
	if (!server->http)
		goto fail;
	evhttp_set_max_headers_size(server->http, HEAD_MAX);
	evhttp_set_max_body_size(server->http, BODY_MAX);
	evhttp_set_timeout(server->http, TIMEOUT_S);
	/* Every method comes to us, so that a stranger's is answered 403 and not 501. */
	evhttp_set_allowed_methods(server->http, EVERY_METHOD);
	evhttp_set_gencb(server->http, server_on_request, server);
	if (evhttp_accept_socket(server->http, fd) < 0)
		goto fail;
	return server;
fail:
	if (server && server->http)
		evhttp_free(server->http);
	free(server);
	fd_close(fd);
	errno = ENOMEM;
	return NULL;
}

void control_server_free(struct control_server *server)
{
	struct control_request *request;

	if (!server)
		return;
	while ((request = LIST_FIRST(&server->pending))) {
		/* One whose client went away belongs to nobody else any more. */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a freed one has left the list */
		if (!evhttp_request_get_connection(request->http))
			evhttp_request_free(request->http);
		control_request_free(request);
	}
	evhttp_free(server->http);
	free(server);
}
