/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A config as JSON. */
#include "config/export.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "policy/policy.h"

void config_print_redacted(FILE *out, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *scheme = memmem(text, (size_t)(end - text), "://", 3);
		const char *login = scheme ? scheme + 3 : end;
		const char *at = NULL;

		/* The last '@' before the path: a password may contain one. */
		for (const char *c = login; c < end && !strchr("/?# \t\r\n", *c); c++) {
			if (*c == '@')
				at = c;
		}
		fwrite(text, 1, (size_t)(login - text), out);
		if (at)
			fputs("***", out);
		text = at ? at : login;
	}
}

static json_t *export_url(const char *url)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	json_t *json;

	if (!url)
		return json_null();
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	config_print_redacted(out, url, strlen(url));
	json = fclose(out) == 0 ? json_stringn(text, len) : NULL;
	free(text);
	return json;
}

static json_t *export_endpoint(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format_endpoint(address, text));
}

static json_t *export_listeners(const struct config *config)
{
	static const char *const kinds[] = {
		[LISTEN_MIXED] = "mixed", [LISTEN_HTTP] = "http", [LISTEN_SOCKS] = "socks"};
	json_t *list = json_array();

	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listen_config *listener = &config->listeners[i];
		const char *client = NULL;

		if (listener->client != POLICY_CLIENT_UNKNOWN)
			client = policy_client_name(config->policy, listener->client);
		json_array_append_new(list, json_pack("{s:s, s:o, s:s?, s:s?, s:b, s:i}", "kind",
						      kinds[listener->kind], "address",
						      export_endpoint(&listener->address), "client",
						      client, "auth_file", listener->auth_file,
						      "tls", listener->tls_certificate_file != NULL,
						      "line", (int)listener->line));
	}
	return list;
}

static json_t *export_forwards(const struct config *config)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->forward_count; i++) {
		const struct forward_config *forward = &config->forwards[i];
		json_t *from = json_array();
		char text[PREFIX_TEXT_SIZE];

		for (size_t j = 0; j < forward->from_count; j++)
			json_array_append_new(from,
					      json_string(prefix_format(&forward->from[j], text)));
		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:i}", "listen",
						      export_endpoint(&forward->listen), "target",
						      export_endpoint(&forward->target), "from",
						      from, "line", (int)forward->line));
	}
	return list;
}

static json_t *export_clients(const struct config *config)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policy_client_count(config->policy); i++) {
		uint32_t limit =
			config->client_session_limits ? config->client_session_limits[i] : 0;

		json_array_append_new(list, json_pack("{s:s, s:o}", "name",
						      policy_client_name(config->policy, (int)i),
						      "session_limit",
						      limit ? json_integer(limit) : json_null()));
	}
	return list;
}

static json_t *export_egress(const struct egress_config *egress)
{
	static const char *const kinds[] = {
		[EGRESS_DEVICE] = "device", [EGRESS_PROXY] = "proxy", [EGRESS_DIRECT] = "direct"};
	json_t *resolvers = json_array();

	for (size_t i = 0; i < egress->resolver_count; i++)
		json_array_append_new(resolvers, export_endpoint(&egress->resolvers[i]));
	return json_pack(
		"{s:s, s:s, s:s?, s:o, s:o, s:b, s:o, s:o, s:I, s:i}", "name", egress->name, "kind",
		kinds[egress->kind], "device", egress->device, "upstream",
		export_url(egress->upstream_url), "resolvers", resolvers, "private",
		egress->allow_private, "gluetun", export_url(egress->gluetun_url), "probe",
		egress->probe_target.family == AF_UNSPEC ? json_null()
							 : export_endpoint(&egress->probe_target),
		"probe_every_ms", (json_int_t)egress->probe_every_ms, "line", (int)egress->line);
}

static json_t *export_egresses(const struct config *config)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->egress_count; i++)
		json_array_append_new(list, export_egress(&config->egresses[i]));
	return list;
}

static json_t *export_settings(const struct config *config)
{
	static const char *const levels[] = {[LOG_ERROR] = "error",
					     [LOG_WARN] = "warn",
					     [LOG_INFO] = "info",
					     [LOG_DEBUG] = "debug"};

	return json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:b, s:b, s:i, s:i, s:i}", "hold_ms",
			 (json_int_t)config->hold_ms, "handshake_timeout_ms",
			 (json_int_t)config->handshake_timeout_ms, "connect_timeout_ms",
			 (json_int_t)config->connect_timeout_ms, "idle_timeout_ms",
			 (json_int_t)config->idle_timeout_ms, "control", config->control_path,
			 "log_level", levels[config->log_level], "log_format",
			 config->log_format == LOG_JSON ? "json" : "text", "log_hosts",
			 config->log_hosts, "via", config->add_via, "workers", (int)config->workers,
			 "udp_port_low", (int)config->udp_port_low, "udp_port_high",
			 (int)config->udp_port_high);
}

static json_t *export_heal(const struct heal_config *heal)
{
	if (heal->url == NULL)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:i}", "app", "prowlarr", "url", heal->url, "after_ms",
			 (json_int_t)heal->after_ms, "line", (int)heal->line);
}

json_t *config_to_json(const struct config *config)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "path", config->path, "listeners",
			 export_listeners(config), "forwards", export_forwards(config), "clients",
			 export_clients(config), "egresses", export_egresses(config), "settings",
			 export_settings(config), "heal", export_heal(&config->heal));
}
