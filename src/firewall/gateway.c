/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules beside the tunnel. Own-only: what others in the namespace send is Gluetun's to judge.
 * A flow is ours by its mark, so that sockets whose process is gone are judged too, and nothing is
 * let through for being established: flows that left in clear before the rules came end here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"

static bool family_is_served(const struct address *address, sa_family_t family)
{
	return address->family == family ||
	       (address->family == AF_INET6 && address_is_wildcard(address));
}

size_t service_parties(struct gateway *gateway, const struct firewall_service *service,
		       struct party parties[PARTIES_MAX])
{
	static const sa_family_t families[] = {AF_INET, AF_INET6};
	size_t count = 0;

	if (service->from_count == 0) {
		parties[0] = (struct party){.family = service->address.family};
		if (address_is_wildcard(&service->address) && service->address.family == AF_INET6)
			parties[0].family = AF_UNSPEC;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const struct ruleset_set *set;
		char name[RULESET_NAME_SIZE];

		if (!family_is_served(&service->address, families[i]))
			continue;
		snprintf(name, sizeof(name), "clients%s_%u", families[i] == AF_INET6 ? "6" : "",
			 gateway->set_number + 1);
		set = compose_set(gateway->ruleset, name, families[i], service->from,
				  service->from_count);
		if (set == NULL)
			continue;
		if (strcmp(set->name, name) == 0)
			gateway->set_number++;
		snprintf(parties[count].set, sizeof(parties[count].set), "%s", set->name);
		parties[count++].family = families[i];
	}
	return count;
}

void rule_party(struct gateway *gateway, struct ruleset_rule *rule, enum match_kind kind,
		const struct party *party)
{
	if (party->set[0] != '\0')
		rule_set(rule, kind, ruleset_find_set(gateway->ruleset, party->set));
}

static void counters_add(struct ruleset *ruleset)
{
	static const char *const counters[] = {
		"ok_tunnel",  /* ours, through the tunnel */
		"ok_client",  /* to and from clients */
		"ok_forward", /* to what forwards lead to */
		"ok_target",  /* to Gluetun's control server, upstream proxies */
		"blk_own",    /* ours, and nowhere to go */
		"blk_docker", /* ours, to Docker's resolver */
		"blk_input",  /* an app, to what is not for it */
		"blk_tunnel", /* a stranger at the far end of the tunnel, to a listener */
	};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		ruleset_add_counter(ruleset, counters[i]);
}

static void own_answers(struct gateway *gateway, const struct firewall_service *service,
			const struct party *party)
{
	struct ruleset_rule *rule = ruleset_add_rule(gateway->ruleset);
	uint16_t low, high;

	rule_when(rule, MATCH_REPLY, 0);
	/* Conntrack makes an old flow anew from whichever packet it sees first, so that the far
	 * end can seem to have opened it: only clients may have. */
	rule_party(gateway, rule, MATCH_ORIGIN, party);
	rule_address(rule, MATCH_SOURCE, &service->address);
	rule_ports(rule, MATCH_SOURCE_PORT, IPPROTO_TCP, service->address.port,
		   service->address.port);
	rule_end(rule, "ok_client", VERDICT_ACCEPT, NULL);
	if (!service->datagrams)
		return;
	policy_udp_ports(gateway->policy, &low, &high);
	rule = ruleset_add_rule(gateway->ruleset);
	/* A late answer is the first packet of its flow again: for known clients the address is
	 * enough. */
	if (party->set[0] == '\0')
		rule_when(rule, MATCH_REPLY, 0);
	rule_address(rule, MATCH_SOURCE, &service->address);
	rule_party(gateway, rule, MATCH_DESTINATION, party);
	rule_ports(rule, MATCH_SOURCE_PORT, IPPROTO_UDP, low, high);
	rule_end(rule, "ok_client", VERDICT_ACCEPT, NULL);
}

static void own_service(struct gateway *gateway, const struct firewall_service *service)
{
	struct party parties[PARTIES_MAX] = {0};
	size_t count = service_parties(gateway, service, parties);

	for (size_t i = 0; i < count; i++)
		own_answers(gateway, service, &parties[i]);
}

static void own_reach(struct gateway *gateway, const struct address *address, uint32_t protocol,
		      const char *counter)
{
	struct ruleset_rule *rule = ruleset_add_rule(gateway->ruleset);

	rule_address(rule, MATCH_DESTINATION, address);
	rule_ports(rule, MATCH_DESTINATION_PORT, protocol, address->port, address->port);
	rule_end(rule, counter, VERDICT_ACCEPT, NULL);
}

static void own_targets(struct gateway *gateway, bool loopback)
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

static void chain_own(struct gateway *gateway)
{
	const struct firewall_policy *policy = gateway->policy;
	struct ruleset *ruleset = gateway->ruleset;
	struct ruleset_rule *rule;

	ruleset_add_chain(ruleset, "own", HOOK_NONE, 0, false);
	for (size_t i = 0; i < policy->device_count; i++) {
		rule = ruleset_add_rule(ruleset);
		rule_device_out(rule, policy->devices[i], false);
		rule_end(rule, "ok_tunnel", VERDICT_ACCEPT, NULL);
	}
	/* Silently: a refusal would end a client's connection for one odd packet. */
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_INVALID, 0);
	rule_end(rule, "blk_own", VERDICT_DROP, NULL);
	for (size_t i = 0; i < policy->listener_count; i++)
		own_service(gateway, &policy->listeners[i]);
	for (size_t i = 0; i < policy->forward_count; i++) {
		own_service(gateway, &policy->forwards[i].service);
		own_reach(gateway, &policy->forwards[i].target, IPPROTO_TCP, "ok_forward");
	}
	own_targets(gateway, false);
	chain_refuse(ruleset, "blk_own");
}

/* Within the namespace: answers, our own listeners and forwards, and the targets that live here. */
static void chain_own_local(struct gateway *gateway)
{
	const struct firewall_policy *policy = gateway->policy;
	struct ruleset *ruleset = gateway->ruleset;
	struct ruleset_rule *rule;

	ruleset_add_chain(ruleset, "own_local", HOOK_NONE, 0, false);
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_REPLY, 0);
	rule_end(rule, "ok_client", VERDICT_ACCEPT, NULL);
	for (size_t i = 0; i < policy->listener_count; i++)
		own_reach(gateway, &policy->listeners[i].address, IPPROTO_TCP, "ok_client");
	own_targets(gateway, true);
	own_targets(gateway, false);
	chain_refuse(ruleset, "blk_own");
}

static void chain_docker(struct gateway *gateway)
{
	/* Docker's resolver asks from the host, outside every tunnel. */
	static const struct address resolver = {.family = AF_INET, .bytes = {127, 0, 0, 11}};
	struct ruleset_rule *rule;

	ruleset_add_chain(gateway->ruleset, "docker", HOOK_OUTPUT, PRIORITY_RAW, false);
	rule = ruleset_add_rule(gateway->ruleset);
	rule_when(rule, MATCH_UID, gateway->policy->uid);
	rule_address(rule, MATCH_DESTINATION, &resolver);
	rule_when(rule, MATCH_PROTOCOL, IPPROTO_TCP);
	rule_end(rule, "blk_docker", VERDICT_RESET, NULL);
	rule = ruleset_add_rule(gateway->ruleset);
	rule_when(rule, MATCH_UID, gateway->policy->uid);
	rule_address(rule, MATCH_DESTINATION, &resolver);
	rule_end(rule, "blk_docker", VERDICT_REJECT, NULL);
}

static void chains_output(struct gateway *gateway)
{
	struct ruleset *ruleset = gateway->ruleset;
	struct ruleset_rule *rule;

	chain_docker(gateway);
	ruleset_add_chain(ruleset, "tag", HOOK_OUTPUT, PRIORITY_TAG, false);
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_UID, gateway->policy->uid);
	if (rule != NULL)
		rule->marks = true;
	ruleset_add_chain(ruleset, "output", HOOK_OUTPUT, PRIORITY_FILTER, false);
	rule = ruleset_add_rule(ruleset);
	rule_device_out(rule, "lo", false);
	rule_when(rule, MATCH_UID, gateway->policy->uid);
	rule_end(rule, NULL, VERDICT_GOTO, "own_local");
	/* Refusals come back this way, with the mark of what was refused. */
	rule = ruleset_add_rule(ruleset);
	rule_device_out(rule, "lo", false);
	rule_end(rule, NULL, VERDICT_ACCEPT, NULL);
	/* Of no flow that is known: the kernel's answer to the last packets of a flow that was
	 * ours. */
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_INVALID, 0);
	rule_end(rule, NULL, VERDICT_GOTO, "own");
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_MARKED, 0);
	rule_end(rule, NULL, VERDICT_GOTO, "own");
	rule = ruleset_add_rule(ruleset);
	rule_when(rule, MATCH_UID, gateway->policy->uid);
	rule_end(rule, NULL, VERDICT_GOTO, "own");
}

/* The sets of all apps; link-local addresses are theirs too, whoever they are. */
static void apps_add(struct gateway *gateway)
{
	static const struct prefix link_local = {
		.address = {.family = AF_INET6, .bytes = {0xfe, 0x80}}, .bits = 10};
	static const sa_family_t families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		struct ruleset_set *set = ruleset_add_set(
			gateway->ruleset, families[i] == AF_INET ? "apps" : "apps6", families[i]);

		for (size_t j = 0; j < gateway->policy->app_count; j++)
			ruleset_set_add(gateway->ruleset, set, &gateway->policy->apps[j]);
		ruleset_set_add(gateway->ruleset, set, &link_local);
		if (set != NULL)
			ruleset_set_order(set);
	}
}

int firewall_derive_gateway(const struct firewall_policy *policy, const char *table,
			    struct ruleset *ruleset, const char **problem)
{
	struct gateway gateway = {.policy = policy, .ruleset = ruleset};

	ruleset_init(ruleset, table);
	if (policy->uid == 0) {
		*problem = "the proxy needs a user of its own: root is everybody's";
		errno = EINVAL;
		return -1;
	}
	counters_add(ruleset);
	apps_add(&gateway);
	chain_own(&gateway);
	chain_own_local(&gateway);
	chains_output(&gateway);
	gateway_input(&gateway);
	*problem = "out of memory";
	return ruleset_finish(ruleset);
}
