/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of ours may leave beside the tunnels: answers to clients, forwards, targets, direct. */
#include <stdio.h>
#include <string.h>

#include "gateway.h"

static bool family_is_served(const struct address *address, sa_family_t family)
{
	return address->family == family ||
	       (address->family == AF_INET6 && address_is_wildcard(address));
}

void service_parties(struct gateway *gateway, const struct firewall_service *service,
		     struct parties *parties)
{
	static const sa_family_t families[] = {AF_INET, AF_INET6};
	size_t sets = gateway->ruleset->set_count;

	parties->count = 0;
	if (service->from_count == 0)
		parties_add(parties, &(struct party){0});
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		char name[RULESET_NAME_SIZE];

		snprintf(name, sizeof(name), "clients%s_%u", families[i] == AF_INET6 ? "6" : "",
			 gateway->list_number + 1);
		if (family_is_served(&service->address, families[i]))
			parties_compose(parties, gateway->ruleset, name, families[i], service->from,
					service->from_count);
	}
	if (gateway->ruleset->set_count > sets)
		gateway->list_number++;
}

/* The witness lets pass whatever it sees: what may leave is only told from what may not. */
static void own_allow(const struct gateway *gateway, struct ruleset_rule *rule, const char *counter)
{
	if (rule != NULL)
		rule->stamp = gateway->stamps ? STAMP_EXPECTED : 0;
	rule_end(rule, gateway->stamps ? NULL : counter, VERDICT_ACCEPT, NULL);
}

static void own_answers(struct gateway *gateway, const struct firewall_service *service,
			const struct party *party)
{
	struct ruleset_rule *rule = ruleset_add_rule(gateway->ruleset);
	uint16_t low, high;

	/* Conntrack makes an old flow anew from whichever packet it sees first, so that the far
	 * end can seem to have opened it: only clients may have. Frames have no flow. */
	if (!gateway->frames)
		rule_when(rule, MATCH_REPLY, 0);
	rule_party(rule, gateway->frames ? MATCH_DESTINATION : MATCH_ORIGIN, party);
	rule_address(rule, MATCH_SOURCE, &service->address);
	rule_ports(rule, MATCH_SOURCE_PORT, IPPROTO_TCP, service->address.port,
		   service->address.port);
	own_allow(gateway, rule, "ok_client");
	if (!service->datagrams)
		return;
	policy_udp_ports(gateway->policy, &low, &high);
	rule = ruleset_add_rule(gateway->ruleset);
	/* A late answer is the first packet of its flow again: for known clients the address is
	 * enough. */
	if (party_is_anyone(party) && !gateway->frames)
		rule_when(rule, MATCH_REPLY, 0);
	rule_address(rule, MATCH_SOURCE, &service->address);
	rule_party(rule, MATCH_DESTINATION, party);
	rule_ports(rule, MATCH_SOURCE_PORT, IPPROTO_UDP, low, high);
	own_allow(gateway, rule, "ok_client");
}

static void own_service(struct gateway *gateway, const struct firewall_service *service)
{
	struct parties parties;

	service_parties(gateway, service, &parties);
	for (size_t i = 0; i < parties.count; i++)
		own_answers(gateway, service, &parties.items[i]);
}

void own_reach(struct gateway *gateway, const struct address *address, uint32_t protocol,
	       const char *counter)
{
	struct ruleset_rule *rule = ruleset_add_rule(gateway->ruleset);

	rule_address(rule, MATCH_DESTINATION, address);
	rule_ports(rule, MATCH_DESTINATION_PORT, protocol, address->port, address->port);
	own_allow(gateway, rule, counter);
}

void own_targets(struct gateway *gateway, bool loopback)
{
	const struct firewall_policy *policy = gateway->policy;

	for (size_t i = 0; i < policy->target_count; i++) {
		const struct firewall_target *target = &policy->targets[i];

		if (address_is_loopback(&target->address) != loopback)
			continue;
		own_reach(gateway, &target->address, IPPROTO_TCP, "ok_target");
		if (target->datagrams)
			own_reach(gateway, &target->address, IPPROTO_UDP, "ok_target");
	}
}

/* Names are asked of the resolvers alone, and private addresses are nobody's business out there. */
void own_direct(struct gateway *gateway)
{
	static const uint32_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	static const uint16_t dns[] = {53, 853};
	const struct firewall_policy *policy = gateway->policy;
	struct ruleset_rule *rule;

	for (size_t i = 0; i < policy->resolver_count; i++) {
		for (size_t j = 0; j < ARRAY_LEN(protocols); j++)
			own_reach(gateway, &policy->resolvers[i], protocols[j], "ok_direct");
	}
	for (size_t i = 0; i < ARRAY_LEN(dns); i++) {
		for (size_t j = 0; j < ARRAY_LEN(protocols); j++) {
			rule = ruleset_add_rule(gateway->ruleset);
			rule_ports(rule, MATCH_DESTINATION_PORT, protocols[j], dns[i], dns[i]);
			rule_end(rule, NULL, VERDICT_GOTO, gateway->refuse);
		}
	}
	chain_add_parties(gateway->ruleset, &gateway->special, MATCH_DESTINATION, NULL,
			  VERDICT_GOTO, gateway->refuse);
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		rule = ruleset_add_rule(gateway->ruleset);
		rule_when(rule, MATCH_PROTOCOL, protocols[i]);
		own_allow(gateway, rule, "ok_direct");
	}
}

void own_ways(struct gateway *gateway)
{
	const struct firewall_policy *policy = gateway->policy;

	for (size_t i = 0; i < policy->listener_count; i++)
		own_service(gateway, &policy->listeners[i]);
	for (size_t i = 0; i < policy->forward_count; i++) {
		own_service(gateway, &policy->forwards[i].service);
		own_reach(gateway, &policy->forwards[i].target, IPPROTO_TCP, "ok_forward");
	}
	own_targets(gateway, false);
	if (policy->direct)
		own_direct(gateway);
}
