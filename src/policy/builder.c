/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts a policy together. */
#include "policy/builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/clients.h"
#include "policy/domains.h"
#include "policy/prefixes.h"
#include "policy/rule.h"

struct policy_builder {
	struct policy *policy;
};

struct policy_builder *policy_builder_new(const char *file)
{
	struct policy_builder *builder = calloc(1, sizeof(*builder));
	struct policy *policy = calloc(1, sizeof(*policy));

	if (builder == NULL || policy == NULL)
		goto fail;
	builder->policy = policy;
	policy->key = hash_key_random();
	policy->file = arena_copy(&policy->arena, file, strlen(file));
	policy->index = clients_index_new();
	if (policy->file == NULL || policy->index == NULL)
		goto fail;
	policy->fallback = (struct rule){
		.egress = POLICY_EGRESS_NONE,
		.source = {policy->file, 0, "no rule matched"},
	};
	return builder;
fail:
	policy_free(policy);
	free(builder);
	errno = ENOMEM;
	return NULL;
}

void policy_builder_free(struct policy_builder *builder)
{
	if (builder == NULL)
		return;
	policy_free(builder->policy);
	free(builder);
}

int policy_builder_egress(struct policy_builder *builder, const char *name, size_t len)
{
	struct policy *policy = builder->policy;
	struct policy_egress *egresses =
		array_more(policy->egresses, policy->egress_count, sizeof(*egresses));
	struct policy_egress *egress;

	if (egresses == NULL)
		return -1;
	policy->egresses = egresses;
	egress = &egresses[policy->egress_count++];
	egress->name = arena_copy(&policy->arena, name, len);
	return egress->name == NULL ? -1 : (int)policy->egress_count - 1;
}

void policy_builder_egress_guarded(struct policy_builder *builder, int egress)
{
	builder->policy->egresses[egress].guarded = true;
}

int policy_builder_client(struct policy_builder *builder, const char *name, size_t len)
{
	struct policy *policy = builder->policy;
	struct policy_client *clients =
		array_more(policy->clients, policy->client_count, sizeof(*clients));
	struct policy_client *client;

	if (clients == NULL)
		return -1;
	policy->clients = clients;
	client = &clients[policy->client_count++];
	client->name = arena_copy(&policy->arena, name, len);
	return client->name == NULL ? -1 : (int)policy->client_count - 1;
}

static int builder_add_prefix(struct prefixes **prefixes, const struct prefix *prefix)
{
	if (*prefixes == NULL)
		*prefixes = prefixes_new();
	return *prefixes == NULL ? -1 : prefixes_add(*prefixes, prefix);
}

int policy_builder_client_address(struct policy_builder *builder, int client,
				  const struct prefix *prefix)
{
	struct policy *policy = builder->policy;

	if (builder_add_prefix(&policy->clients[client].addresses, prefix) < 0)
		return -1;
	return clients_index_address(policy->index, client, prefix);
}

int policy_builder_client_user(struct policy_builder *builder, int client, const char *user,
			       size_t len)
{
	struct policy_client *known = &builder->policy->clients[client];
	struct policy_user *users = array_more(known->users, known->user_count, sizeof(*users));
	struct policy_user *added;

	if (users == NULL)
		return -1;
	known->users = users;
	added = &users[known->user_count++];
	added->name = arena_copy(&builder->policy->arena, user, len);
	added->len = len;
	return added->name == NULL ? -1 : 0;
}

int policy_builder_set(struct policy_builder *builder)
{
	struct policy *policy = builder->policy;
	struct policy_set *sets = array_more(policy->sets, policy->set_count, sizeof(*sets));

	if (sets == NULL)
		return -1;
	policy->sets = sets;
	return (int)policy->set_count++;
}

static int builder_add(struct policy *policy, struct policy_set *set,
		       const struct destination *destination)
{
	if (destination->kind == DESTINATION_PRIVATE) {
		set->special = true;
		return 0;
	}
	if (destination->kind == DESTINATION_PREFIX)
		return builder_add_prefix(&set->prefixes, &destination->prefix);
	if (set->domains == NULL)
		set->domains = domains_new(&policy->key);
	if (set->domains == NULL)
		return -1;
	return domains_add(set->domains, destination->name, destination->name_len,
			   destination->below);
}

int policy_builder_set_add(struct policy_builder *builder, int set,
			   const struct destination *destination)
{
	return builder_add(builder->policy, &builder->policy->sets[set], destination);
}

int policy_builder_rule(struct policy_builder *builder, int egress, unsigned line, const char *text,
			size_t len)
{
	struct policy *policy = builder->policy;
	struct rule *rules = array_more(policy->rules, policy->rule_count, sizeof(*rules));
	struct rule *rule;

	if (rules == NULL)
		return -1;
	policy->rules = rules;
	rule = &rules[policy->rule_count++];
	rule->egress = egress;
	rule->transports = TRANSPORT_TCP | TRANSPORT_UDP;
	rule->source.file = policy->file;
	rule->source.line = line;
	rule->source.text = arena_copy(&policy->arena, text, len);
	return rule->source.text == NULL ? -1 : 0;
}

static struct rule *builder_rule(struct policy_builder *builder)
{
	return &builder->policy->rules[builder->policy->rule_count - 1];
}

int policy_builder_from(struct policy_builder *builder, int client, bool except)
{
	struct rule *rule = builder_rule(builder);
	struct rule_client *named = array_more(rule->named, rule->named_count, sizeof(*named));

	if (named == NULL)
		return -1;
	rule->named = named;
	named[rule->named_count++] = (struct rule_client){client, except};
	return 0;
}

int policy_builder_to(struct policy_builder *builder, const struct destination *destination)
{
	struct rule *rule = builder_rule(builder);
	struct rule_side *side = destination->except ? &rule->except : &rule->to;
	int *sets;

	side->given = true;
	switch (destination->kind) {
	case DESTINATION_ANY:
		side->any = true;
		return 0;
	case DESTINATION_LITERAL:
		side->literal = true;
		return 0;
	case DESTINATION_SET:
		sets = array_more(side->sets, side->set_count, sizeof(*sets));
		if (sets == NULL)
			return -1;
		side->sets = sets;
		sets[side->set_count++] = destination->set;
		return 0;
	default:
		return builder_add(builder->policy, &side->own, destination);
	}
}

int policy_builder_ports(struct policy_builder *builder, uint16_t low, uint16_t high)
{
	struct rule *rule = builder_rule(builder);
	struct port_range *ports = array_more(rule->ports, rule->port_count, sizeof(*ports));

	if (ports == NULL)
		return -1;
	rule->ports = ports;
	ports[rule->port_count++] = (struct port_range){low, high};
	return 0;
}

void policy_builder_transports(struct policy_builder *builder, unsigned transports)
{
	builder_rule(builder)->transports = transports;
}

int policy_builder_default(struct policy_builder *builder, int egress, unsigned line,
			   const char *text, size_t len)
{
	struct policy *policy = builder->policy;
	char *copy = arena_copy(&policy->arena, text, len);

	if (copy == NULL)
		return -1;
	policy->has_fallback = true;
	policy->fallback.egress = egress;
	policy->fallback.source = (struct rule_source){policy->file, line, copy};
	return 0;
}

static void builder_seal_set(struct policy_set *set)
{
	if (set->domains != NULL)
		domains_trim(set->domains);
	if (set->prefixes != NULL)
		prefixes_seal(set->prefixes);
}

static int port_range_compare(const void *a, const void *b)
{
	const struct port_range *left = a, *right = b;

	return (int)left->low - (int)right->low;
}

static void builder_seal_ports(struct rule *rule)
{
	size_t kept = 0;

	if (rule->port_count == 0)
		return;
	qsort(rule->ports, rule->port_count, sizeof(*rule->ports), port_range_compare);
	for (size_t i = 1; i < rule->port_count; i++) {
		struct port_range *last = &rule->ports[kept];

		if (rule->ports[i].low > (unsigned)last->high + 1)
			rule->ports[++kept] = rule->ports[i];
		else if (rule->ports[i].high > last->high)
			last->high = rule->ports[i].high;
	}
	rule->port_count = kept + 1;
}

static bool builder_from_bit(const struct policy *policy, const struct rule *rule, size_t client)
{
	bool asks = false, named = false;

	for (size_t i = 0; i < rule->named_count; i++) {
		bool same = (size_t)rule->named[i].client == client;

		if (rule->named[i].except && same)
			return false;
		if (!rule->named[i].except) {
			asks = true;
			named = named || same;
		}
	}
	if (asks)
		return named;
	/* Only "not": somebody unknown could be the very one, so only a block takes them in. */
	return client < policy->client_count || rule->egress == POLICY_EGRESS_NONE;
}

static int builder_seal_from(const struct policy *policy, struct rule *rule)
{
	if (rule->named_count == 0)
		return 0;
	rule->from = calloc(policy->client_count / 64 + 1, sizeof(*rule->from));
	if (rule->from == NULL)
		return -1;
	for (size_t client = 0; client <= policy->client_count; client++) {
		if (builder_from_bit(policy, rule, client))
			rule->from[client / 64] |= (uint64_t)1 << (client % 64);
	}
	return 0;
}

static int builder_seal_clients(struct policy *policy)
{
	for (size_t i = 0; i < policy->client_count; i++) {
		if (policy->clients[i].addresses != NULL)
			prefixes_seal(policy->clients[i].addresses);
	}
	return clients_index_seal(policy->index, policy->clients, policy->client_count);
}

static int builder_seal_rules(struct policy *policy)
{
	for (size_t i = 0; i < policy->set_count; i++)
		builder_seal_set(&policy->sets[i]);
	for (size_t i = 0; i < policy->rule_count; i++) {
		struct rule *rule = &policy->rules[i];

		builder_seal_set(&rule->to.own);
		builder_seal_set(&rule->except.own);
		builder_seal_ports(rule);
		if (builder_seal_from(policy, rule) < 0)
			return -1;
	}
	return 0;
}

struct policy *policy_builder_finish(struct policy_builder *builder)
{
	struct policy *policy = builder->policy;

	if (builder_seal_clients(policy) < 0 || builder_seal_rules(policy) < 0) {
		policy_builder_free(builder);
		errno = ENOMEM;
		return NULL;
	}
	free(builder);
	return policy;
}
