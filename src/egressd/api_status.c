/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon's status and its connections as JSON. */
#include "egressd/api_status.h"

#include <string.h>

#include "base/utf8.h"
#include "base/version.h"
#include "egressd/api.h"
#include "egressd/api_encode.h"

json_t *api_encode_text(const char *text)
{
	char clean[512];
	size_t len = 0;
	json_t *whole;

	if (!text)
		return json_null();
	whole = json_string(text);
	if (whole)
		return whole;
	/* A user's name is whatever bytes the client sent; JSON is UTF-8 (RFC 8259 8.1). */
	for (; *text && len < sizeof(clean) - 4; text++) {
		size_t wide = utf8_len(text, strlen(text));

		if (wide > 1) {
			memcpy(clean + len, text, wide);
			len += wide;
			text += wide - 1;
		} else {
			clean[len++] = wide == 1 ? *text : '?';
		}
	}
	return json_stringn(clean, len);
}

/* An empty text is none. */
static json_t *encode_filled(const char *text)
{
	return api_encode_text(text[0] ? text : NULL);
}

static json_t *encode_time(int64_t at_ms)
{
	return at_ms > 0 ? json_integer(at_ms) : json_null();
}

static json_t *encode_address(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	return address->family == AF_UNSPEC ? json_null()
					    : json_string(address_format(address, text));
}

static json_t *encode_count(uint64_t count)
{
	return json_integer((json_int_t)count);
}

static json_t *encode_tunnel(const struct tunnel_status *tunnel)
{
	json_t *probe;

	if (!tunnel)
		return json_null();
	probe = json_pack(
		"{s:o, s:I, s:o, s:o}", "answered_at_ms", encode_time(tunnel->probed_at_ms),
		"rtt_us", (json_int_t)tunnel->probe_rtt_us, "sent",
		encode_count(tunnel->probes_sent), "failed", encode_count(tunnel->probes_failed));
	return json_pack("{s:o, s:s, s:o, s:o, s:i, s:i, s:o, s:o, s:o}", "device",
			 api_encode_text(tunnel->device), "state", tunnel_state_name(tunnel->state),
			 "reason", api_encode_text(tunnel->reason), "since_ms",
			 encode_time(tunnel->since_ms), "epoch", (int)tunnel->epoch, "ifindex",
			 (int)tunnel->ifindex, "ipv4", encode_address(&tunnel->ipv4), "ipv6",
			 encode_address(&tunnel->ipv6), "probe", probe);
}

/* Of its URL, what no password can be in. */
static json_t *encode_gluetun(const char *url, const struct gluetun_status *gluetun)
{
	const char *at;

	if (!gluetun)
		return json_null();
	at = strrchr(url, '@');
	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:i, s:o}", "server",
			 api_encode_text(at ? at + 1 : strstr(url, "://") + 3), "asked_at_ms",
			 encode_time(gluetun->asked_at_ms), "control",
			 gluetun_outcome_name(gluetun->control), "health",
			 gluetun_health_name(gluetun->health), "vpn", encode_filled(gluetun->vpn),
			 "exit", encode_address(&gluetun->exit), "country",
			 encode_filled(gluetun->country), "port", (int)gluetun->port, "problem",
			 encode_filled(gluetun->problem));
}

static json_t *encode_egresses(const struct api_status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->egress_count; i++) {
		const struct api_egress *egress = &status->egresses[i];

		json_array_append_new(
			list,
			json_pack("{s:o, s:s, s:o, s:o}", "name", api_encode_text(egress->name),
				  "kind", egress->kind, "tunnel", encode_tunnel(egress->tunnel),
				  "gluetun", encode_gluetun(egress->gluetun_url, egress->gluetun)));
	}
	return list;
}

static json_t *encode_last_refusals(const struct api_status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->last_refusal_count; i++) {
		const struct api_refusal *refusal = &status->last_refusals[i];

		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:i, s:o, s:o}", "at_ms",
						      encode_time(refusal->at_ms), "client",
						      api_encode_text(refusal->client), "host",
						      api_encode_text(refusal->host), "port",
						      (int)refusal->port, "reason",
						      api_encode_text(refusal->reason), "rule",
						      api_encode_text(refusal->rule)));
	}
	return list;
}

/* Every request by how it ended, over all egresses. */
static json_t *encode_outcomes(const struct api_status *status)
{
	json_t *outcomes = json_object();

	for (size_t i = 0; i < status->request_count; i++) {
		const struct api_request_count *count = &status->requests[i];
		json_int_t so_far = json_integer_value(json_object_get(outcomes, count->outcome));

		json_object_set_new(outcomes, count->outcome,
				    json_integer(so_far + (json_int_t)count->count));
	}
	return outcomes;
}

static json_t *encode_sessions(const struct api_status *status)
{
	uint64_t total = 0;

	for (size_t i = 0; i < status->session_count; i++)
		total += status->sessions[i].count;
	return json_pack("{s:o, s:o, s:o}", "active", encode_count(status->sessions_active),
			 "total", encode_count(total), "held", encode_count(status->requests_held));
}

static json_t *encode_policy(const struct api_status *status)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "path", api_encode_text(status->config_path),
			 "loaded_at_ms", encode_time(status->config_loaded_at_ms),
			 "last_reload_error", api_encode_text(status->last_reload_error),
			 "last_reload_error_at_ms", encode_time(status->last_reload_error_at_ms));
}

json_t *api_encode_status(const struct api_status *status, int64_t now_ms)
{
	return json_pack(
		"{s:s, s:I, s:o, s:i, s:{s:i, s:s}, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o}",
		"version", version_text(), "now_ms", (json_int_t)now_ms, "started_at_ms",
		encode_time(status->started_at_ms), "workers", (int)status->workers, "proxy", "uid",
		(int)status->uid, "seccomp", status->seccomp, "firewall",
		api_encode_rules(status->rules), "policy", encode_policy(status), "egresses",
		encode_egresses(status), "sessions", encode_sessions(status), "requests",
		encode_outcomes(status), "bytes", "sent", encode_count(status->bytes_sent),
		"received", encode_count(status->bytes_received), "last_refusals",
		encode_last_refusals(status));
}

static json_t *encode_connection(const struct api_connection *connection)
{
	char source[ADDRESS_TEXT_SIZE];

	return json_pack(
		"{s:o, s:o, s:o, s:s, s:o, s:o, s:i, s:o, s:o, s:I, s:o, s:o, s:o, s:o, "
		"s:o}",
		"id", encode_count(connection->id), "client", encode_filled(connection->client),
		"user", encode_filled(connection->user), "source",
		address_format_endpoint(&connection->source, source), "method",
		encode_filled(connection->method), "host", encode_filled(connection->host), "port",
		(int)connection->port, "address", encode_address(&connection->address), "egress",
		encode_filled(connection->egress), "epoch", (json_int_t)connection->epoch, "rule",
		encode_filled(connection->rule), "state", encode_filled(connection->state),
		"started_at_ms", encode_time(connection->started_at_ms), "bytes_sent",
		encode_count(connection->bytes_sent), "bytes_received",
		encode_count(connection->bytes_received));
}

json_t *api_encode_connections(const struct api_connection *list, size_t count, int64_t now_ms)
{
	json_t *connections = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(connections, encode_connection(&list[i]));
	return json_pack("{s:I, s:o}", "now_ms", (json_int_t)now_ms, "connections", connections);
}
