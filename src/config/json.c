/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The config as JSON, without its secrets. */
#include <stdio.h>

#include "config/config.h"
#include "config/explain.h"
#include "policy/policy.h"

static json_t *json_endpoint(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format_endpoint(address, text));
}

static json_t *json_listeners(const struct config *config)
{
	static const char *const kinds[] = {
		[LISTEN_MIXED] = "mixed",
		[LISTEN_HTTP] = "http",
		[LISTEN_SOCKS] = "socks",
	};
	json_t *listeners = json_array();

	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listen_config *listen = &config->listeners[i];
		const char *client = listen->client < 0
					     ? NULL
					     : policy_client_name(config->policy, listen->client);

		json_array_append_new(
			listeners,
			json_pack("{s:s, s:o, s:s?, s:s?, s:s?, s:i}", "kind", kinds[listen->kind],
				  "address", json_endpoint(&listen->address), "client", client,
				  "auth_file", listen->auth_file, "tls_certificate_file",
				  listen->tls_certificate_file, "line", (int)listen->line));
	}
	return listeners;
}

static json_t *json_forwards(const struct config *config)
{
	json_t *forwards = json_array();

	for (size_t i = 0; i < config->forward_count; i++) {
		const struct forward_config *forward = &config->forwards[i];
		json_t *from = json_array();
		char text[PREFIX_TEXT_SIZE];

		for (size_t j = 0; j < forward->from_count; j++)
			json_array_append_new(from,
					      json_string(prefix_format(&forward->from[j], text)));
		json_array_append_new(forwards, json_pack("{s:o, s:o, s:o, s:i}", "listen",
							  json_endpoint(&forward->listen), "target",
							  json_endpoint(&forward->target), "from",
							  from, "line", (int)forward->line));
	}
	return forwards;
}

static json_t *json_clients(const struct config *config)
{
	json_t *clients = json_array();

	for (size_t i = 0; i < policy_client_count(config->policy); i++)
		json_array_append_new(
			clients,
			json_pack("{s:s, s:I}", "name", policy_client_name(config->policy, (int)i),
				  "session_limit", (json_int_t)config->client_session_limits[i]));
	return clients;
}

static json_t *json_egress(const struct egress_config *egress)
{
	static const char *const kinds[] = {
		[EGRESS_DEVICE] = "device",
		[EGRESS_PROXY] = "proxy",
		[EGRESS_DIRECT] = "direct",
	};
	json_t *resolvers = json_array();
	json_t *probe = egress->probe_target.family == AF_UNSPEC
				? json_null()
				: json_endpoint(&egress->probe_target);
	char upstream[512] = "", gluetun[512] = "";

	for (size_t i = 0; i < egress->resolver_count; i++)
		json_array_append_new(resolvers, json_endpoint(&egress->resolvers[i]));
	if (egress->upstream_url != NULL)
		config_upstream_text(egress->upstream_url, upstream, sizeof(upstream));
	if (egress->gluetun_url != NULL)
		config_upstream_text(egress->gluetun_url, gluetun, sizeof(gluetun));
	return json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:b, s:s?, s:s?, s:o, s:I, s:i}", "name",
			 egress->name, "kind", kinds[egress->kind], "device", egress->device,
			 "upstream", egress->upstream_url == NULL ? NULL : upstream, "resolvers",
			 resolvers, "private", egress->allow_private, "gluetun",
			 egress->gluetun_url == NULL ? NULL : gluetun, "key_file", egress->key_file,
			 "probe", probe, "probe_every_ms", (json_int_t)egress->probe_every_ms,
			 "line", (int)egress->line);
}

static json_t *json_egresses(const struct config *config)
{
	json_t *egresses = json_array();

	for (size_t i = 0; i < config->egress_count; i++)
		json_array_append_new(egresses, json_egress(&config->egresses[i]));
	return egresses;
}

static json_t *json_log(const struct config *config)
{
	static const char *const levels[] = {
		[LOG_ERROR] = "error",
		[LOG_WARN] = "warn",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};

	return json_pack("{s:s, s:s, s:b}", "level", levels[config->log_level], "format",
			 config->log_format == LOG_JSON ? "json" : "text", "hosts",
			 config->log_hosts);
}

json_t *config_to_json(const struct config *config)
{
	return json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:I, s:{s:I, s:I, s:I}, s:s, s:o, s:b, s:i, s:[i, i]}",
		"path", config->path, "listeners", json_listeners(config), "forwards",
		json_forwards(config), "clients", json_clients(config), "egresses",
		json_egresses(config), "hold_ms", (json_int_t)config->hold_ms, "timeouts_ms",
		"handshake", (json_int_t)config->handshake_timeout_ms, "connect",
		(json_int_t)config->connect_timeout_ms, "idle", (json_int_t)config->idle_timeout_ms,
		"control", config->control_path, "log", json_log(config), "via", config->add_via,
		"workers", (int)config->workers, "udp_ports", (int)config->udp_port_low,
		(int)config->udp_port_high);
}
