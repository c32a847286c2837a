/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may come in beside the tunnel: apps to our listeners and forwards and to nothing else that
 * listens there, and nobody at the far end of the tunnel to either.
 */
#include "gateway.h"

static void input_service(struct gateway *gateway, const struct firewall_service *service)
{
	struct parties parties;
	uint16_t low, high, port = service->address.port;
	struct ruleset_rule *rule;

	service_parties(gateway, service, &parties);
	policy_udp_ports(gateway->policy, &low, &high);
	for (size_t i = 0; i < parties.count; i++) {
		rule = ruleset_add_rule(gateway->ruleset);
		rule_party(rule, MATCH_SOURCE, &parties.items[i]);
		rule_address(rule, MATCH_DESTINATION, &service->address);
		rule_ports(rule, MATCH_DESTINATION_PORT, IPPROTO_TCP, port, port);
		rule_end(rule, "ok_client", VERDICT_ACCEPT, NULL);
		if (!service->datagrams)
			continue;
		rule = ruleset_add_rule(gateway->ruleset);
		rule_party(rule, MATCH_SOURCE, &parties.items[i]);
		rule_address(rule, MATCH_DESTINATION, &service->address);
		rule_ports(rule, MATCH_DESTINATION_PORT, IPPROTO_UDP, low, high);
		rule_end(rule, "ok_client", VERDICT_ACCEPT, NULL);
	}
	if (service->from_count == 0)
		return;
	rule = ruleset_add_rule(gateway->ruleset);
	rule_address(rule, MATCH_DESTINATION, &service->address);
	rule_ports(rule, MATCH_DESTINATION_PORT, IPPROTO_TCP, port, port);
	rule_end(rule, NULL, VERDICT_GOTO, "refused");
}

static void tunnel_drop(struct gateway *gateway, const struct firewall_service *service)
{
	struct ruleset_rule *rule = ruleset_add_rule(gateway->ruleset);
	uint16_t low, high, port = service->address.port;

	/* Whatever address it names: the machine takes packets for any of its own. */
	rule_ports(rule, MATCH_DESTINATION_PORT, IPPROTO_TCP, port, port);
	rule_end(rule, "blk_tunnel", VERDICT_DROP, NULL);
	if (!service->datagrams || address_is_wildcard(&service->address))
		return;
	policy_udp_ports(gateway->policy, &low, &high);
	rule = ruleset_add_rule(gateway->ruleset);
	rule_address(rule, MATCH_DESTINATION, &service->address);
	rule_ports(rule, MATCH_DESTINATION_PORT, IPPROTO_UDP, low, high);
	rule_end(rule, "blk_tunnel", VERDICT_DROP, NULL);
}

static void chains_tunnel_and_app(struct gateway *gateway)
{
	static const uint32_t harmless[] = {IPPROTO_ICMP, IPPROTO_ICMPV6};
	const struct firewall_policy *policy = gateway->policy;
	struct ruleset_rule *rule;

	ruleset_add_chain(gateway->ruleset, "refused", HOOK_NONE, 0, false);
	chain_refuse(gateway->ruleset, "blk_input");
	ruleset_add_chain(gateway->ruleset, "from_tunnel", HOOK_NONE, 0, false);
	/* What came by the tunnel is answered by the tunnel: when no socket takes it, the kernel
	 * answers by itself, without a user, and by whatever route there is. */
	rule = ruleset_add_rule(gateway->ruleset);
	if (rule != NULL)
		rule->marks = true;
	for (size_t i = 0; i < policy->listener_count; i++)
		tunnel_drop(gateway, &policy->listeners[i]);
	for (size_t i = 0; i < policy->forward_count; i++)
		tunnel_drop(gateway, &policy->forwards[i].service);
	if (gateway->strict) {
		rule = ruleset_add_rule(gateway->ruleset);
		rule_when(rule, MATCH_REPLY, 0);
		rule_end(rule, "ok_tunnel", VERDICT_ACCEPT, NULL);
	}
	ruleset_add_chain(gateway->ruleset, "from_app", HOOK_NONE, 0, false);
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
		rule = ruleset_add_rule(gateway->ruleset);
		rule_when(rule, MATCH_PROTOCOL, harmless[i]);
		rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	}
	rule_end(ruleset_add_rule(gateway->ruleset), NULL, VERDICT_GOTO, "refused");
}

/* What the link lives by, in the other direction. */
static void input_link(struct ruleset *ruleset)
{
	static const uint16_t ports[] = {68, 546}; /* of DHCP's clients */
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	rule_ports(rule, MATCH_ICMPV6_TYPE, IPPROTO_ICMPV6, 130, 137);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		rule = ruleset_add_rule(ruleset);
		rule_ports(rule, MATCH_DESTINATION_PORT, IPPROTO_UDP, ports[i], ports[i]);
		rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	}
}

void gateway_input(struct gateway *gateway)
{
	const struct firewall_policy *policy = gateway->policy;
	struct ruleset *ruleset = gateway->ruleset;
	struct ruleset_rule *rule;

	chains_tunnel_and_app(gateway);
	ruleset_add_chain(ruleset, "input", HOOK_INPUT, PRIORITY_FILTER, gateway->strict);
	rule = ruleset_add_rule(ruleset);
	rule_device_in(rule, "lo", false);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	for (size_t i = 0; i < policy->device_count; i++) {
		rule = ruleset_add_rule(ruleset);
		rule_device_in(rule, policy->devices[i], false);
		rule_end(rule, NULL, VERDICT_GOTO, "from_tunnel");
	}
	for (size_t i = 0; i < policy->listener_count; i++)
		input_service(gateway, &policy->listeners[i]);
	for (size_t i = 0; i < policy->forward_count; i++)
		input_service(gateway, &policy->forwards[i].service);
	/* Answers to what somebody here asked of an app. */
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_REPLY, 0);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	if (gateway->strict)
		input_link(ruleset);
	chain_add_parties(ruleset, &gateway->apps, MATCH_SOURCE, NULL, VERDICT_GOTO, "from_app");
	if (gateway->strict)
		rule_end(ruleset_add_rule(ruleset), "blk_input", VERDICT_DROP, NULL);
	/* The proxy is the way out, and this machine no router for them. */
	ruleset_add_chain(ruleset, "forward", HOOK_FORWARD, PRIORITY_FILTER,
			  gateway->strict || gateway->hub);
	chain_add_parties(ruleset, &gateway->apps, MATCH_SOURCE, NULL, VERDICT_GOTO, "refused");
}
