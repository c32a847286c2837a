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

#include "base/special.h"
#include "gateway.h"

static void counters_add(const struct gateway *gateway)
{
	struct ruleset *ruleset = gateway->ruleset;
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

	static const char *const strict[] = {
		"ok_endpoint", /* the VPN's own */
		"blk_stray",   /* anybody's, with an address that is not the device's */
		"blk_strict",  /* anybody's, and nowhere to go */
	};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		ruleset_add_counter(ruleset, counters[i]);
	for (size_t i = 0; gateway->strict && i < ARRAY_LEN(strict); i++)
		ruleset_add_counter(ruleset, strict[i]);
	if (gateway->policy->direct)
		ruleset_add_counter(ruleset, "ok_direct");
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
	own_ways(gateway);
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
	/* A policy that lets private addresses be dialled means these too. */
	if (policy->direct && policy->direct_private)
		own_direct(gateway);
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

/* Of everybody in the namespace, the proxy's having been judged before. */
static void output_strict(struct gateway *gateway)
{
	const struct firewall_policy *policy = gateway->policy;
	struct ruleset *ruleset = gateway->ruleset;
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	/* A tunnel's address that outlives its routes. */
	rule_when(rule, MATCH_STRAY, 0);
	rule_end(rule, "blk_stray", VERDICT_DROP, NULL);
	for (size_t i = 0; i < policy->device_count; i++) {
		rule = ruleset_add_rule(ruleset);
		rule_device_out(rule, policy->devices[i], false);
		rule_end(rule, "ok_tunnel", VERDICT_ACCEPT, NULL);
	}
	chain_accept_endpoints(ruleset, policy, "ok_endpoint");
	/* The refusals that apps are to hear. */
	for (size_t i = 0; i < gateway->apps.count; i++) {
		const struct party *app = &gateway->apps.items[i];

		if (app->prefix.address.family != AF_INET)
			continue;
		rule = ruleset_add_rule(ruleset);
		rule_when(rule, MATCH_REPLY, 0);
		rule_party(rule, MATCH_DESTINATION, app);
		rule_end(rule, "ok_client", VERDICT_ACCEPT, NULL);
	}
	chain_refuse(ruleset, "blk_strict");
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
	ruleset_add_chain(ruleset, "output", HOOK_OUTPUT, PRIORITY_FILTER, gateway->strict);
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
	if (!gateway->strict)
		return;
	chain_accept_link(ruleset);
	output_strict(gateway);
}

/* Link-local addresses are theirs too, whoever they are. */
static void apps_add(struct gateway *gateway)
{
	static const struct party link_local = {
		.prefix = {.address = {.family = AF_INET6, .bytes = {0xfe, 0x80}}, .bits = 10}};
	const struct firewall_policy *policy = gateway->policy;

	parties_compose(&gateway->apps, gateway->ruleset, "apps", AF_INET, policy->apps,
			policy->app_count);
	parties_compose(&gateway->apps, gateway->ruleset, "apps6", AF_INET6, policy->apps,
			policy->app_count);
	parties_add(&gateway->apps, &link_local);
}

/* What direct may not reach: the guard's list, once more where packets pass. */
static void special_add(struct gateway *gateway)
{
	struct prefix prefixes[SPECIAL_PREFIXES_MAX];

	parties_compose(&gateway->special, gateway->ruleset, "special", AF_INET, prefixes,
			special_prefixes(AF_INET, prefixes));
	parties_compose(&gateway->special, gateway->ruleset, "special6", AF_INET6, prefixes,
			special_prefixes(AF_INET6, prefixes));
}

int gateway_begin(struct gateway *gateway, enum ruleset_family family, const char *table,
		  const char **problem)
{
	const struct firewall_policy *policy = gateway->policy;

	ruleset_init(gateway->ruleset, family, table);
	*problem = NULL;
	if (policy->uid == 0)
		*problem = "the proxy needs a user of its own: root is everybody's";
	else if (policy->direct && !gateway->hub && !gateway->stamps)
		*problem = "an egress is direct: the gateway's rules would keep it from leaving "
			   "(the rules of a hub know it)";
	else if (gateway->strict && policy->endpoint_count == 0)
		*problem = "nothing says where the VPN connects to, and it could not: write "
			   "'vpn-endpoint ADDRESS:PORT' into the policy";
	if (*problem != NULL) {
		errno = EINVAL;
		return -1;
	}
	*problem = "out of memory";
	apps_add(gateway);
	if (policy->direct && !policy->direct_private)
		special_add(gateway);
	return 0;
}

static int gateway_derive(struct gateway *gateway, const char *table, const char **problem)
{
	struct ruleset *ruleset = gateway->ruleset;

	if (gateway_begin(gateway, RULESET_INET, table, problem) < 0)
		return -1;
	counters_add(gateway);
	if (gateway->policy->direct) {
		gateway->refuse = "own_refused";
		ruleset_add_chain(ruleset, gateway->refuse, HOOK_NONE, 0, false);
		chain_refuse(ruleset, "blk_own");
	}
	chain_own(gateway);
	chain_own_local(gateway);
	chains_output(gateway);
	gateway_input(gateway);
	return ruleset_finish(ruleset);
}

int derive_gateway(const struct firewall_policy *policy, const char *table, struct ruleset *ruleset,
		   const char **problem)
{
	struct gateway gateway = {.policy = policy, .ruleset = ruleset};

	return gateway_derive(&gateway, table, problem);
}

int derive_hub(const struct firewall_policy *policy, const char *table, struct ruleset *ruleset,
	       const char **problem)
{
	struct gateway gateway = {.policy = policy, .ruleset = ruleset, .hub = true};

	return gateway_derive(&gateway, table, problem);
}

int derive_strict(const struct firewall_policy *policy, const char *table, struct ruleset *ruleset,
		  const char **problem)
{
	struct gateway gateway = {.policy = policy, .ruleset = ruleset, .strict = true};

	return gateway_derive(&gateway, table, problem);
}
