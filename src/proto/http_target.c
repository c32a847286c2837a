/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a request asks for: CONNECT's authority, a proxy's absolute form, or an origin's path. */
#include "http_target.h"

#include <string.h>

enum {
	HTTP_TARGET_MAX = 16 * 1024,
};

/* Visible ASCII without '#': raw bytes outside it are read in as many ways as there are servers. */
static const bool http_target_bytes[256] = {
	['!' ... '"'] = true,
	['$' ... '~'] = true,
};

bool http_parse_authority(struct span text, struct host *host, uint16_t *port, bool *has_port)
{
	const char *start = text.bytes;
	size_t host_len = 0;

	if (text.len > 0 && start[0] == '[') {
		const char *bracket = memchr(start, ']', text.len);

		host_len = bracket == NULL ? 0 : (size_t)(bracket - start) + 1;
	} else {
		while (host_len < text.len && start[host_len] != ':')
			host_len++;
	}
	if (host_len == 0 || !host_parse(start, host_len, host))
		return false;
	*has_port = host_len < text.len;
	if (!*has_port)
		return true;
	return start[host_len] == ':' &&
	       port_parse(start + host_len + 1, text.len - host_len - 1, port) && *port != 0;
}

static bool http_parse_connect_target(struct span target, struct http_request *request,
				      struct http_problem *problem)
{
	bool has_port = false;

	request->path = (struct span){"", 0};
	request->authority = target;
	if (!http_parse_authority(target, &request->host, &request->port, &has_port) || !has_port)
		return http_refuse(problem, 400,
				   "CONNECT wants host:port with a valid host and port 1-65535.");
	return true;
}

/* Takes "scheme://" off the front of target. */
static bool http_take_scheme(struct span *target, struct span *scheme)
{
	const char *end = memmem(target->bytes, target->len, "://", 3);

	if (end == NULL)
		return false;
	*scheme = (struct span){target->bytes, (size_t)(end - target->bytes)};
	target->bytes = end + 3;
	target->len -= scheme->len + 3;
	return true;
}

static bool http_judge_scheme(struct span scheme, bool upgrades_to_websocket,
			      struct http_problem *problem)
{
	if (span_equals_nocase(scheme, "http"))
		return true;
	if (span_equals_nocase(scheme, "ws") && upgrades_to_websocket)
		return true;
	if (span_equals_nocase(scheme, "https") || span_equals_nocase(scheme, "wss"))
		return http_refuse(problem, 400, "Use CONNECT for encrypted targets.");
	return http_refuse(problem, 400, "Only http targets are forwarded.");
}

static bool http_parse_absolute_target(struct span target, bool upgrades_to_websocket,
				       struct http_request *request, struct http_problem *problem)
{
	struct span scheme, authority = {0};
	bool has_port;

	if (!http_take_scheme(&target, &scheme))
		return http_refuse(problem, 400, "The target is neither a URL nor a path.");
	if (!http_judge_scheme(scheme, upgrades_to_websocket, problem))
		return false;
	authority.bytes = target.bytes;
	while (authority.len < target.len && target.bytes[authority.len] != '/' &&
	       target.bytes[authority.len] != '?')
		authority.len++;
	if (authority.len > 0 && memchr(authority.bytes, '@', authority.len) != NULL)
		return http_refuse(problem, 400, "The target contains a login.");
	request->authority = authority;
	request->port = 80;
	if (!http_parse_authority(authority, &request->host, &request->port, &has_port))
		return http_refuse(problem, 400, "The target's host or port is not valid.");
	request->path = (struct span){target.bytes + authority.len, target.len - authority.len};
	/* RFC 9112 3.2.4: this is how OPTIONS asks a proxy for the origin as a whole. */
	if (request->path.len == 0 && span_equals(request->method, "OPTIONS"))
		request->path = span_of("*");
	return true;
}

bool http_parse_target(struct span target, bool upgrades_to_websocket, struct http_request *request,
		       struct http_problem *problem)
{
	if (target.len > HTTP_TARGET_MAX)
		return http_refuse(problem, 414, "The target is longer than 16 KiB.");
	for (size_t i = 0; i < target.len; i++) {
		if (!http_target_bytes[(unsigned char)target.bytes[i]])
			return http_refuse(problem, 400,
					   "The target contains a byte that must be encoded.");
	}
	if (request->is_connect)
		return http_parse_connect_target(target, request, problem);
	if (target.len > 0 && target.bytes[0] == '/') {
		request->is_origin_form = true;
		request->path = target;
		return true;
	}
	if (span_equals(target, "*") && span_equals(request->method, "OPTIONS")) {
		request->is_origin_form = true;
		request->path = target;
		return true;
	}
	return http_parse_absolute_target(target, upgrades_to_websocket, request, problem);
}
