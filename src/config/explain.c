/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the policy about a request that nobody made. */
#include "config/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/span.h"
#include "base/special.h"
#include "config/config.h"
#include "config/name.h"

enum {
	EXPLAIN_DEFAULT_PORT = 443,
};

/* What is asked about. */
struct asked {
	const struct config *config;
	struct request request;
	struct host host;
};

/* A client by its name, else by what its connection would show. */
static int explain_client(const struct config *config, const char *text, int *client)
{
	const char *at = strrchr(text, '@');
	const char *ip = at == NULL ? text : at + 1;
	size_t user_len = at == NULL ? 0 : (size_t)(at - text);
	struct address address;

	*client = policy_find_client(config->policy, text);
	if (*client >= 0)
		return 0;
	if (!address_parse(ip, strlen(ip), &address))
		return -1;
	*client = policy_identify(config->policy, POLICY_CLIENT_UNKNOWN, &address, text, user_len);
	return 0;
}

/* Cuts "scheme://login@host:port/path" down to host:port; returns the scheme's port, 0: no such. */
static uint16_t explain_authority(struct span *target)
{
	static const struct {
		const char *scheme;
		uint16_t port;
	} schemes[] = {{"http", 80}, {"ws", 80}, {"https", 443}, {"wss", 443}, {"ftp", 21}};
	const char *mark = memmem(target->bytes, target->len, "://", 3);
	uint16_t port = 0;
	const char *at;

	if (mark == NULL)
		return EXPLAIN_DEFAULT_PORT;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		struct span scheme = {target->bytes, (size_t)(mark - target->bytes)};

		if (span_equals_nocase(scheme, schemes[i].scheme))
			port = schemes[i].port;
	}
	target->bytes = mark + 3;
	target->len = strcspn(target->bytes, "/?#");
	at = memrchr(target->bytes, '@', target->len);
	if (at != NULL) {
		target->len -= (size_t)(at + 1 - target->bytes);
		target->bytes = at + 1;
	}
	return port;
}

static int explain_target(const char *text, struct host *host, uint16_t *port, const char **problem)
{
	struct span target = span_of(text);
	struct address address;
	const char *colon, *name_problem;

	*problem = "the target is neither a URL nor HOST:PORT";
	*port = explain_authority(&target);
	if (address_parse(target.bytes, target.len, &address)) {
		*host = host_from_address(&address);
		return *port == 0 ? -1 : 0;
	}
	colon = memrchr(target.bytes, ':', target.len);
	/* The colons of [v6] without a port are not it. */
	if (colon != NULL &&
	    memchr(colon, ']', target.len - (size_t)(colon - target.bytes)) == NULL) {
		size_t len = (size_t)(colon - target.bytes);

		if (!port_parse(colon + 1, target.len - len - 1, port) || *port == 0) {
			*problem = "the port of the target is not one";
			return -1;
		}
		target.len = len;
	}
	if (*port == 0) {
		*problem = "a URL of that scheme needs its port";
		return -1;
	}
	if (!name_to_host(target.bytes, target.len, host, &name_problem)) {
		*problem = "the target's host is neither a name nor an address";
		return -1;
	}
	return 0;
}

static json_t *explain_rule(const struct rule_source *rule)
{
	return json_pack("{s:s, s:i, s:s}", "file", rule->file, "line", (int)rule->line, "text",
			 rule->text);
}

static void explain_considered(void *arg, const struct rule_source *rule, enum rule_miss miss)
{
	json_t *considered = arg, *item;

	if (miss == RULE_MATCHES)
		return;
	item = explain_rule(rule);
	if (item != NULL)
		json_object_set_new(item, "why", json_string(rule_miss_name(miss)));
	json_array_append_new(considered, item);
}

/* Is it where we listen ourselves? */
static bool explain_is_listener(const struct config *config, const struct host *host, uint16_t port)
{
	struct address address = host->address;

	address.port = port;
	for (size_t i = 0; i < config->listener_count; i++) {
		if (address_equals_endpoint(&config->listeners[i].address, &address))
			return true;
	}
	for (size_t i = 0; i < config->forward_count; i++) {
		if (address_equals_endpoint(&config->forwards[i].listen, &address))
			return true;
	}
	return false;
}

/* What the guard of net/guard.h says of the address; it is asked again when it is really dialled.
 */
static json_t *explain_guard(const struct asked *asked, const struct egress_config *egress)
{
	enum address_class class = address_class(&asked->host.address);
	const char *why = "a public address";
	bool allowed = true;

	if (class == ADDRESS_MULTICAST || class == ADDRESS_BROADCAST ||
	    class == ADDRESS_UNSPECIFIED) {
		allowed = false;
		why = "an address that is never dialled";
	} else if (explain_is_listener(asked->config, &asked->host, asked->request.port)) {
		allowed = false;
		why = "our own listener";
	} else if (class != ADDRESS_PUBLIC) {
		allowed = egress->allow_private;
		why = allowed ? "the egress is private" : "the egress is not private";
	}
	return json_pack("{s:s, s:b, s:s}", "class", address_class_name(class), "allowed", allowed,
			 "why", why);
}

const char *config_upstream_text(const char *url, char *text, size_t size)
{
	const char *host = strstr(url, "://"), *at;

	text[0] = '\0';
	if (host == NULL)
		return text;
	host += 3;
	at = strrchr(host, '@');
	snprintf(text, size, "%.*s%s", (int)(host - url), url, at == NULL ? host : at + 1);
	return text;
}

static json_t *explain_servers(const struct egress_config *egress)
{
	json_t *servers = json_array();
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < egress->resolver_count; i++)
		json_array_append_new(
			servers, json_string(address_format_endpoint(&egress->resolvers[i], text)));
	return servers;
}

static json_t *explain_name(const struct asked *asked, const struct egress_config *egress)
{
	bool local = host_is_local_name(&asked->host);
	char upstream[512];

	if (egress->kind == EGRESS_PROXY && !(local && !egress->allow_private))
		return json_pack(
			"{s:b, s:s, s:s}", "local", local, "resolved_by", "upstream", "upstream",
			config_upstream_text(egress->upstream_url, upstream, sizeof(upstream)));
	if (local && !egress->allow_private)
		return json_pack("{s:b, s:n, s:s}", "local", true, "resolved_by", "why",
				 "a local name: no resolver outside may see it, and the egress is "
				 "not private");
	return json_pack("{s:b, s:s, s:o, s:s?}", "local", local, "resolved_by", "servers",
			 "servers", explain_servers(egress), "device", egress->device);
}

static const char *explain_reason(const struct verdict *verdict)
{
	switch (verdict->reason) {
	case VERDICT_RULE:
		return "rule";
	case VERDICT_DEFAULT:
		return "default";
	case VERDICT_NO_MATCH:
		break;
	}
	return "no rule matched";
}

static json_t *explain_answer(const struct asked *asked)
{
	const struct policy *policy = asked->config->policy;
	json_t *considered = json_array(), *answer, *further;
	const struct egress_config *egress;
	const char *key;
	struct verdict verdict;

	policy_explain(policy, &asked->request, &verdict, explain_considered, considered);
	answer = json_pack("{s:s, s:s, s:i, s:s, s:b, s:b, s:s?, s:s, s:o, s:o}", "client",
			   policy_client_name(policy, asked->request.client), "host",
			   asked->host.name, "port", (int)asked->request.port, "transport",
			   asked->request.transport == TRANSPORT_UDP ? "udp" : "tcp", "allowed",
			   verdict.allowed, "dialled", verdict.allowed, "egress",
			   verdict.allowed ? policy_egress_name(policy, verdict.egress) : NULL,
			   "reason", explain_reason(&verdict), "rule", explain_rule(verdict.rule),
			   "considered", considered);
	if (answer == NULL || !verdict.allowed)
		return answer;
	egress = &asked->config->egresses[verdict.egress];
	key = asked->host.is_literal ? "guard" : "name";
	further =
		asked->host.is_literal ? explain_guard(asked, egress) : explain_name(asked, egress);
	json_object_set_new(answer, key, further);
	/* A name that nobody may be asked about, or an address that the guard refuses. */
	if (json_is_false(json_object_get(further, "allowed")) ||
	    json_is_null(json_object_get(further, "resolved_by")))
		json_object_set_new(answer, "dialled", json_false());
	return answer;
}

json_t *config_explain(const struct config *config, const char *client_text,
		       const char *target_text, enum transport transport, const char **problem)
{
	struct asked asked = {.config = config};
	json_t *answer;

	asked.request.transport = transport;
	asked.request.host = &asked.host;
	if (explain_client(config, client_text, &asked.request.client) < 0) {
		*problem = "there is no client of that name, and it is not an address either";
		return NULL;
	}
	if (explain_target(target_text, &asked.host, &asked.request.port, problem) < 0)
		return NULL;
	answer = explain_answer(&asked);
	if (answer == NULL)
		*problem = "out of memory";
	return answer;
}
