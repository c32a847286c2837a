/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules inside an app's own namespace: nothing but the gateway's services. */
#include <errno.h>

#include "gateway.h"

static void chain_docker(struct ruleset *ruleset)
{
	static const struct address resolver = {.family = AF_INET, .bytes = {127, 0, 0, 11}};
	struct ruleset_rule *rule;

	ruleset_add_chain(ruleset, "docker", HOOK_OUTPUT, PRIORITY_RAW, false);
	rule = ruleset_add_rule(ruleset);
	rule_address(rule, MATCH_DESTINATION, &resolver);
	rule_when(rule, MATCH_PROTOCOL, IPPROTO_TCP);
	rule_end(rule, "blk_docker", VERDICT_RESET, NULL);
	rule = ruleset_add_rule(ruleset);
	rule_address(rule, MATCH_DESTINATION, &resolver);
	rule_end(rule, "blk_docker", VERDICT_REJECT, NULL);
}

static bool service_is_at_an_address(const struct firewall_service *service)
{
	return !address_is_wildcard(&service->address) && !address_is_loopback(&service->address);
}

/* side: MATCH_DESTINATION with its port for what goes out, MATCH_SOURCE for what comes back. */
static void app_service(struct ruleset *ruleset, const struct firewall_policy *policy,
			const struct firewall_service *service, bool out)
{
	enum match_kind side = out ? MATCH_DESTINATION : MATCH_SOURCE;
	enum match_kind ports = out ? MATCH_DESTINATION_PORT : MATCH_SOURCE_PORT;
	struct ruleset_rule *rule;
	uint16_t low, high;

	if (!service_is_at_an_address(service))
		return;
	rule = ruleset_add_rule(ruleset);
	rule_address(rule, side, &service->address);
	rule_ports(rule, ports, IPPROTO_TCP, service->address.port, service->address.port);
	rule_end(rule, "ok_proxy", VERDICT_ACCEPT, NULL);
	if (!service->datagrams)
		return;
	policy_udp_ports(policy, &low, &high);
	rule = ruleset_add_rule(ruleset);
	rule_address(rule, side, &service->address);
	rule_ports(rule, ports, IPPROTO_UDP, low, high);
	rule_end(rule, "ok_proxy", VERDICT_ACCEPT, NULL);
}

/* An app behind a forward answers the gateway, and is reached by it. */
static void app_served(struct ruleset *ruleset, const struct firewall_policy *policy, bool out)
{
	for (size_t i = 0; i < policy->forward_count; i++) {
		const struct address *target = &policy->forwards[i].target;
		struct ruleset_rule *rule = ruleset_add_rule(ruleset);

		/* Frames have no flow. */
		if (out && ruleset->family == RULESET_INET)
			rule_when(rule, MATCH_REPLY, 0);
		rule_address(rule, out ? MATCH_SOURCE : MATCH_DESTINATION, target);
		rule_ports(rule, out ? MATCH_SOURCE_PORT : MATCH_DESTINATION_PORT, IPPROTO_TCP,
			   target->port, target->port);
		rule_end(rule, "ok_served", VERDICT_ACCEPT, NULL);
	}
}

static void app_ways(struct ruleset *ruleset, const struct firewall_policy *policy, bool out)
{
	for (size_t i = 0; i < policy->listener_count; i++)
		app_service(ruleset, policy, &policy->listeners[i], out);
	for (size_t i = 0; i < policy->forward_count; i++)
		app_service(ruleset, policy, &policy->forwards[i].service, out);
	app_served(ruleset, policy, out);
}

static void app_chain(struct ruleset *ruleset, const struct firewall_policy *policy, bool out)
{
	struct ruleset_rule *rule;

	ruleset_add_chain(ruleset, out ? "output" : "input", out ? HOOK_OUTPUT : HOOK_INPUT,
			  PRIORITY_FILTER, true);
	rule = ruleset_add_rule(ruleset);
	if (out)
		rule_device_out(rule, "lo", false);
	else
		rule_device_in(rule, "lo", false);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	app_ways(ruleset, policy, out);
}

/* IPv6 finds its neighbours with ICMPv6; 133-137 and nothing that carries data. */
static void app_neighbours(struct ruleset *ruleset)
{
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	rule_ports(rule, MATCH_ICMPV6_TYPE, IPPROTO_ICMPV6, 135, 136);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
}

int derive_app(const struct firewall_policy *policy, const char *table, struct ruleset *ruleset,
	       const char **problem)
{
	static const char *const counters[] = {"ok_proxy", "ok_served", "blk_docker", "blk_app",
					       "blk_input"};
	size_t reachable = 0;

	ruleset_init(ruleset, RULESET_INET, table);
	for (size_t i = 0; i < policy->listener_count; i++)
		reachable += service_is_at_an_address(&policy->listeners[i]);
	if (reachable == 0) {
		*problem = "no listener has an address that an app could be held to: write "
			   "'listen mixed ADDRESS:PORT' with the gateway's address";
		errno = EINVAL;
		return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		ruleset_add_counter(ruleset, counters[i]);
	chain_docker(ruleset);
	app_chain(ruleset, policy, true);
	app_neighbours(ruleset);
	chain_refuse(ruleset, "blk_app");
	app_chain(ruleset, policy, false);
	app_neighbours(ruleset);
	/* Without an answer: one could not leave. */
	rule_end(ruleset_add_rule(ruleset), "blk_input", VERDICT_DROP, NULL);
	*problem = "out of memory";
	return ruleset_finish(ruleset);
}

int derive_app_frames(const struct firewall_policy *policy, const char *table,
		      struct ruleset *ruleset, const char **problem)
{
	static const char *const counters[] = {"ok_proxy", "ok_served", "blk_frame"};
	struct ruleset_rule *rule;

	ruleset_init(ruleset, RULESET_NETDEV, table);
	*problem = "out of memory";
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		ruleset_add_counter(ruleset, counters[i]);
	ruleset_add_chain(ruleset, "frames", HOOK_EGRESS, 0, true);
	links_add(ruleset, policy->links);
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_ARP, 0);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	app_neighbours(ruleset);
	app_ways(ruleset, policy, true);
	rule_end(ruleset_add_rule(ruleset), "blk_frame", VERDICT_DROP, NULL);
	return ruleset_finish(ruleset);
}
