/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The routes of the control API. */
#include "egressd/api.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/version.h"
#include "config/config.h"
#include "config/explain.h"
#include "config/export.h"
#include "control/metrics.h"
#include "control/server.h"
#include "egressd/api_encode.h"
#include "egressd/api_status.h"
#include "policy/policy.h"

struct api {
	struct control_server *server;
	const struct api_backend *backend;
	void *daemon;
};

/* GET /v1/version */
static void api_on_version(void *arg, struct control_request *request)
{
	(void)arg;
	control_reply_json(
		request, 200,
		json_pack("{s:s, s:s}", "program", "egressd", "version", version_text()));
}

/* GET /v1/status */
static void api_on_status(void *arg, struct control_request *request)
{
	const struct api *api = arg;
	const struct api_status *status = api->backend->status(api->daemon);

	control_reply_json(request, 200, api_encode_status(status, clock_wall_ms()));
}

/* GET /metrics */
static void api_on_metrics(void *arg, struct control_request *request)
{
	const struct api *api = arg;
	struct metrics *metrics = metrics_new();
	const char *text = NULL;
	size_t len = 0;

	if (metrics) {
		api_encode_metrics(api->backend->status(api->daemon), metrics);
		text = metrics_text(metrics, &len);
	}
	if (text)
		control_reply_text(request, 200, METRICS_CONTENT_TYPE, text, len);
	else
		control_reply_error(request, 500, "out of memory");
	metrics_free(metrics);
}

/* GET /v1/config */
static void api_on_config(void *arg, struct control_request *request)
{
	const struct api *api = arg;
	struct config *config = api->backend->config(api->daemon);

	control_reply_json(request, 200, config_to_json(config));
	config_unref(config);
}

static void api_on_connections_listed(void *arg, const struct api_connection *list, size_t count)
{
	control_reply_json(arg, 200, api_encode_connections(list, count, clock_wall_ms()));
}

/* GET /v1/connections */
static void api_on_connections(void *arg, struct control_request *request)
{
	const struct api *api = arg;

	api->backend->connections(api->daemon, api_on_connections_listed, request);
}

static void api_on_killed(void *arg, bool found)
{
	if (found)
		control_reply_json(arg, 200, json_pack("{s:b}", "killed", 1));
	else
		control_reply_error(arg, 404, "there is no such connection (any more)");
}

/* Plain decimal digits, 1 to UINT64_MAX. */
static bool id_parse(const char *text, uint64_t *id)
{
	char *end;

	if (*text < '1' || *text > '9')
		return false;
	errno = 0;
	*id = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

/* DELETE /v1/connections/ID */
static void api_on_kill(void *arg, struct control_request *request)
{
	const struct api *api = arg;
	uint64_t id;

	if (id_parse(control_request_rest(request), &id))
		api->backend->kill(api->daemon, id, api_on_killed, request);
	else
		control_reply_error(request, 400, "a connection's ID is a number");
}

static void api_on_reloaded(void *arg, bool ok, const char *report)
{
	json_t *body = json_pack("{s:b, s:o}", "reloaded", ok, "report", api_encode_text(report));

	if (body && !ok)
		json_object_set_new(body, "error",
				    json_string("the policy file was refused; the running policy "
						"stays in force"));
	control_reply_json(arg, ok ? 200 : 422, body);
}

/* POST /v1/reload */
static void api_on_reload(void *arg, struct control_request *request)
{
	const struct api *api = arg;

	api->backend->reload(api->daemon, api_on_reloaded, request);
}

/* "tcp" when nothing is said. */
static bool transport_read(const json_t *text, enum transport *transport)
{
	const char *name = text ? json_string_value(text) : "tcp";

	if (!name || (strcmp(name, "tcp") != 0 && strcmp(name, "udp") != 0))
		return false;
	*transport = strcmp(name, "udp") == 0 ? TRANSPORT_UDP : TRANSPORT_TCP;
	return true;
}

/* POST /v1/explain */
static void api_on_explain(void *arg, struct control_request *request)
{
	const struct api *api = arg;
	const json_t *body = control_request_body(request);
	const char *client = json_string_value(json_object_get(body, "client"));
	const char *target = json_string_value(json_object_get(body, "target"));
	const char *problem = NULL;
	enum transport transport;
	struct config *config;
	json_t *answer;

	if (!client || !target || !transport_read(json_object_get(body, "transport"), &transport)) {
		control_reply_error(request, 400,
				    "wanted: {\"client\": text, \"target\": text, "
				    "\"transport\": \"tcp\" or \"udp\"}");
		return;
	}
	config = api->backend->config(api->daemon);
	answer = config_explain(config, client, target, transport, &problem);
	if (answer)
		control_reply_json(request, 200, answer);
	else
		control_reply_error(request, 422, problem);
	config_unref(config);
}

static const struct control_route api_routes[] = {
	{"GET", "/v1/version", api_on_version},         {"GET", "/v1/status", api_on_status},
	{"GET", "/v1/connections", api_on_connections}, {"DELETE", "/v1/connections/", api_on_kill},
	{"POST", "/v1/reload", api_on_reload},          {"POST", "/v1/explain", api_on_explain},
	{"GET", "/v1/config", api_on_config},           {"GET", "/metrics", api_on_metrics},
};

struct api *api_new(struct event_base *base, int fd, const struct api_backend *backend,
		    void *daemon)
{
	struct api *api = calloc(1, sizeof(*api));

	if (!api) {
		fd_close(fd);
		return NULL;
	}
	api->backend = backend;
	api->daemon = daemon;
	api->server = control_server_new(base, fd, api_routes, ARRAY_LEN(api_routes), api);
	if (!api->server) {
		free(api);
		return NULL;
	}
	return api;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	control_server_free(api->server);
	free(api);
}
