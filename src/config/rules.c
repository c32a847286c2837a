/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a config to what its packet rules have to let through. */
#include "config/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "policy/policy.h"
#include "proto/proxy_url.h"

struct config_rules {
	struct arena arena;
	struct firewall_policy policy;
};

struct collector {
	const struct config *config;
	struct config_rules *rules;
	struct prefix *clients; /* of all that listeners tell by their address */
	size_t client_count;
	bool anyone; /* some client has no address, or a rule needs no client */
	const char *problem;
};

static void *collector_take(struct collector *collector, size_t count, size_t size)
{
	void *items = arena_take_array(&collector->rules->arena, count, size);

	if (items == NULL)
		collector->problem = "out of memory";
	return items;
}

static void collect_clients(struct collector *collector)
{
	const struct config *config = collector->config;
	size_t count = 0;

	collector->anyone = policy_admits_unknown(config->policy);
	for (size_t i = 0; i < config->client_count; i++) {
		count += config->clients[i].address_count;
		/* Known by a login from anywhere; one known by its listener alone comes there. */
		if (config->clients[i].address_count == 0 && config->clients[i].has_user)
			collector->anyone = true;
	}
	collector->clients = collector_take(collector, count, sizeof(*collector->clients));
	if (collector->clients == NULL)
		return;
	for (size_t i = 0; i < config->client_count; i++) {
		const struct client_config *client = &config->clients[i];

		if (client->address_count > 0)
			memcpy(collector->clients + collector->client_count, client->addresses,
			       client->address_count * sizeof(*client->addresses));
		collector->client_count += client->address_count;
	}
}

static void collect_listeners(struct collector *collector)
{
	const struct config *config = collector->config;
	struct firewall_service *services =
		collector_take(collector, config->listener_count, sizeof(*services));

	if (services == NULL)
		return;
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listen_config *listener = &config->listeners[i];

		services[i].address = listener->address;
		services[i].datagrams = listener->kind != LISTEN_HTTP;
		if (listener->client != POLICY_CLIENT_UNKNOWN) {
			services[i].from = config->clients[listener->client].addresses;
			services[i].from_count = config->clients[listener->client].address_count;
		} else if (!collector->anyone) {
			services[i].from = collector->clients;
			services[i].from_count = collector->client_count;
		}
	}
	collector->rules->policy.listeners = services;
	collector->rules->policy.listener_count = config->listener_count;
}

static void collect_forwards(struct collector *collector)
{
	const struct config *config = collector->config;
	struct firewall_forward *forwards =
		collector_take(collector, config->forward_count, sizeof(*forwards));

	if (forwards == NULL)
		return;
	for (size_t i = 0; i < config->forward_count; i++) {
		const struct forward_config *forward = &config->forwards[i];

		forwards[i].service = (struct firewall_service){.address = forward->listen,
								.from = forward->from,
								.from_count = forward->from_count};
		forwards[i].target = forward->target;
	}
	collector->rules->policy.forwards = forwards;
	collector->rules->policy.forward_count = config->forward_count;
}

static void collect_device(struct collector *collector, const char **devices, const char *device)
{
	struct firewall_policy *policy = &collector->rules->policy;

	for (size_t i = 0; i < policy->device_count; i++) {
		if (strcmp(devices[i], device) == 0)
			return;
	}
	devices[policy->device_count++] = device;
}

/* "localhost" in a URL, without asking anybody. */
static bool target_from_host(const struct host *host, uint16_t port, struct address *address)
{
	if (host->is_literal) {
		*address = host->address;
	} else {
		if (strcmp(host->name, "localhost") != 0)
			return false;
		*address = (struct address){.family = AF_INET, .bytes = {127, 0, 0, 1}};
	}
	address->port = port;
	return true;
}

/* http://HOST[:PORT][/...], as statement_egress.c let it pass. */
static bool target_from_url(const char *url, struct address *address)
{
	struct proxy_url parsed;
	const char *start = strstr(url, "://"), *problem;
	size_t len = start == NULL ? 0 : (size_t)(start - url) + 3;
	bool has_port;

	len += strcspn(url + len, "/?#");
	if (proxy_url_parse(url, len, &parsed, &problem) < 0)
		return false;
	/* The port that a proxy has when none is named is not a web server's. */
	has_port = parsed.kind != PROXY_HTTP || parsed.port != 3128 ||
		   (len > 5 && memcmp(url + len - 5, ":3128", 5) == 0);
	return target_from_host(&parsed.host, has_port ? parsed.port : 80, address);
}

/* Its control server, and its health server, which answers in its own namespace only. */
static void collect_gluetun(struct collector *collector, const char *url,
			    struct firewall_target *targets)
{
	size_t *count = &collector->rules->policy.target_count;
	struct address control;

	if (!target_from_url(url, &control)) {
		collector->problem = "Gluetun's control server is given by a name: rules need its "
				     "address (gluetun http://127.0.0.1:8000)";
		return;
	}
	targets[(*count)++].address = control;
	if (control.family == AF_INET && control.bytes[0] == 127) {
		control.port = CONFIG_GLUETUN_HEALTH_PORT;
		targets[(*count)++].address = control;
	}
}

struct address config_upstream_endpoint(const char *url)
{
	struct address endpoint = {0};
	struct proxy_url parsed;
	const char *problem;

	if (proxy_url_parse(url, strlen(url), &parsed, &problem) == 0 &&
	    !target_from_host(&parsed.host, parsed.port, &endpoint))
		endpoint.port = parsed.port;
	return endpoint;
}

static void collect_target(struct collector *collector, const struct egress_config *egress,
			   struct firewall_target *targets, struct address *resolvers)
{
	struct firewall_policy *policy = &collector->rules->policy;
	size_t *count = &policy->target_count;
	struct address upstream;

	for (size_t i = 0; i < egress->resolver_count; i++) {
		/* Gluetun's own; every other one is asked through the tunnel. */
		if (egress->resolvers[i].family == AF_INET && egress->resolvers[i].bytes[0] == 127)
			targets[(*count)++] = (struct firewall_target){egress->resolvers[i], true};
	}
	if (egress->gluetun_url != NULL)
		collect_gluetun(collector, egress->gluetun_url, targets);
	if (egress->kind == EGRESS_PROXY) {
		upstream = config_upstream_endpoint(egress->upstream_url);
		if (upstream.family != AF_UNSPEC)
			targets[(*count)++].address = upstream;
		else
			collector->problem = "an upstream proxy is given by a name: rules need its "
					     "address";
	}
	if (egress->kind != EGRESS_DIRECT)
		return;
	policy->direct = true;
	policy->direct_private = policy->direct_private || egress->allow_private;
	for (size_t i = 0; i < egress->resolver_count; i++)
		resolvers[policy->resolver_count++] = egress->resolvers[i];
}

static void collect_egresses(struct collector *collector)
{
	const struct config *config = collector->config;
	size_t count = config->egress_count;
	const char **devices = collector_take(collector, count, sizeof(*devices));
	struct firewall_target *targets =
		collector_take(collector, count * (CONFIG_RESOLVERS_MAX + 3) + 1, sizeof(*targets));
	struct address *resolvers =
		collector_take(collector, count * CONFIG_RESOLVERS_MAX, sizeof(*resolvers));

	if (devices == NULL || targets == NULL || resolvers == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		if (config->egresses[i].kind == EGRESS_DEVICE)
			collect_device(collector, devices, config->egresses[i].device);
		collect_target(collector, &config->egresses[i], targets, resolvers);
	}
	/* Prowlarr is asked to test what it left out. */
	if (config->heal.url != NULL)
		targets[collector->rules->policy.target_count++] =
			(struct firewall_target){config->heal.target, false};
	collector->rules->policy.devices = devices;
	collector->rules->policy.targets = targets;
	collector->rules->policy.resolvers = resolvers;
}

static void collect_endpoints(struct collector *collector)
{
	const struct config *config = collector->config;
	struct firewall_endpoint *endpoints =
		collector_take(collector, config->firewall.endpoint_count, sizeof(*endpoints));

	if (endpoints == NULL)
		return;
	for (size_t i = 0; i < config->firewall.endpoint_count; i++)
		endpoints[i] = (struct firewall_endpoint){config->firewall.endpoints[i].address,
							  config->firewall.endpoints[i].over_tcp,
							  config->firewall.endpoints[i].mark};
	collector->rules->policy.endpoints = endpoints;
	collector->rules->policy.endpoint_count = config->firewall.endpoint_count;
}

/* The clients with an address, and what the options add. */
static void collect_apps(struct collector *collector, const struct config_rules_options *options)
{
	size_t count = collector->client_count + options->app_count;
	struct prefix *apps = collector_take(collector, count, sizeof(*apps));
	size_t used = collector->client_count;

	if (apps == NULL)
		return;
	if (used > 0)
		memcpy(apps, collector->clients, used * sizeof(*apps));
	for (size_t i = 0; i < options->app_count; i++)
		apps[used++] = options->apps[i];
	collector->rules->policy.apps = apps;
	collector->rules->policy.app_count = used;
}

struct config_rules *config_rules_new(const struct config *config,
				      const struct config_rules_options *options,
				      const char **problem)
{
	struct config_rules *rules = calloc(1, sizeof(*rules));
	struct collector collector = {.config = config, .rules = rules};

	*problem = "out of memory";
	if (rules == NULL)
		return NULL;
	rules->policy.uid = options->uid;
	rules->policy.strict = config->firewall.strict;
	rules->policy.bridge = options->bridge;
	rules->policy.links = options->links;
	rules->policy.udp_port_low = config->udp_port_low;
	rules->policy.udp_port_high = config->udp_port_high;
	collect_clients(&collector);
	collect_listeners(&collector);
	collect_forwards(&collector);
	collect_egresses(&collector);
	collect_endpoints(&collector);
	collect_apps(&collector, options);
	if (collector.problem == NULL)
		return rules;
	*problem = collector.problem;
	config_rules_free(rules);
	return NULL;
}

const struct firewall_policy *config_rules_policy(const struct config_rules *rules)
{
	return &rules->policy;
}

void config_rules_free(struct config_rules *rules)
{
	if (rules == NULL)
		return;
	arena_clear(&rules->arena);
	free(rules);
}
