/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is asking, and what the rules say to it. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "policy/clients.h"
#include "policy/domains.h"
#include "policy/prefixes.h"
#include "policy/rule.h"

/* In this order: the greatest of several is what their "or" gives. */
enum truth {
	TRUTH_NO,
	TRUTH_UNKNOWN,
	TRUTH_YES,
};

/* A request made ready for comparing: the name is hashed once for all tables. */
struct question {
	const struct policy *policy;
	const struct request *request;
	struct domain_query name;
};

static enum truth truth_or(enum truth a, enum truth b)
{
	return a > b ? a : b;
}

int policy_identify(const struct policy *policy, int listener_client, const struct address *source,
		    const char *user, size_t user_len)
{
	if (listener_client >= 0 && (size_t)listener_client < policy->client_count) {
		const struct policy_client *client = &policy->clients[listener_client];

		return client_holds(client, source, user, user_len) ? listener_client
								    : POLICY_CLIENT_UNKNOWN;
	}
	return clients_index_find(policy->index, policy->clients, source, user, user_len);
}

bool rule_takes_client(const struct policy *policy, const struct rule *rule, int client)
{
	size_t bit = client < 0 || (size_t)client >= policy->client_count ? policy->client_count
									  : (size_t)client;

	return rule->from == NULL || (rule->from[bit / 64] >> (bit % 64) & 1) != 0;
}

bool rule_takes_port(const struct rule *rule, uint16_t port)
{
	for (size_t i = 0; i < rule->port_count; i++) {
		if (port >= rule->ports[i].low && port <= rule->ports[i].high)
			return true;
	}
	return rule->port_count == 0;
}

static enum truth set_match(const struct policy_set *set, const struct question *question,
			    bool guarded)
{
	const struct host *host = question->request->host;

	if (host->is_literal) {
		if (set->prefixes != NULL && prefixes_contain(set->prefixes, &host->address))
			return TRUTH_YES;
		if (set->special && address_is_special(&host->address))
			return TRUTH_YES;
		return set->domains != NULL ? TRUTH_UNKNOWN : TRUTH_NO;
	}
	if (set->domains != NULL && domains_match(set->domains, &question->name))
		return TRUTH_YES;
	if (set->prefixes != NULL || (set->special && !guarded))
		return TRUTH_UNKNOWN;
	return TRUTH_NO;
}

/* guarded: the guard makes sure that a name leads to no special address. */
static enum truth side_match(const struct rule_side *side, const struct question *question,
			     bool guarded)
{
	enum truth truth = TRUTH_NO;

	if (side->any || (side->literal && question->request->host->is_literal))
		return TRUTH_YES;
	truth = set_match(&side->own, question, guarded);
	for (size_t i = 0; i < side->set_count && truth != TRUTH_YES; i++) {
		const struct policy_set *set = &question->policy->sets[side->sets[i]];

		truth = truth_or(truth, set_match(set, question, guarded));
	}
	return truth;
}

static enum rule_miss rule_match(const struct rule *rule, const struct question *question)
{
	const struct request *request = question->request;
	bool blocks = rule->egress == POLICY_EGRESS_NONE;
	enum truth truth;

	if (!rule_takes_client(question->policy, rule, request->client))
		return RULE_OTHER_CLIENT;
	if ((rule->transports & (unsigned)request->transport) == 0)
		return RULE_OTHER_PROTOCOL;
	if (!rule_takes_port(rule, request->port))
		return RULE_OTHER_PORT;
	if (rule->to.given) {
		truth = side_match(&rule->to, question, false);
		if (truth != TRUTH_YES)
			return truth == TRUTH_NO ? RULE_OTHER_DESTINATION : RULE_CANNOT_TELL;
	}
	if (rule->except.given) {
		bool guarded = !blocks && question->policy->egresses[rule->egress].guarded;

		truth = side_match(&rule->except, question, guarded);
		if (truth == TRUTH_YES)
			return RULE_EXCEPTED;
		if (truth == TRUTH_UNKNOWN && !blocks)
			return RULE_CANNOT_TELL;
	}
	return RULE_MATCHES;
}

static struct verdict verdict_of(const struct rule *rule, enum verdict_reason reason)
{
	return (struct verdict){
		.allowed = rule->egress != POLICY_EGRESS_NONE,
		.egress = rule->egress,
		.reason = reason,
		.rule = &rule->source,
	};
}

void policy_explain(const struct policy *policy, const struct request *request,
		    struct verdict *verdict, policy_considered_fn *considered, void *arg)
{
	struct question question;

	question.policy = policy;
	question.request = request;
	if (!request->host->is_literal)
		domain_query_init(&question.name, &policy->key, request->host->name,
				  request->host->name_len);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		enum rule_miss miss = rule_match(rule, &question);

		if (considered != NULL)
			considered(arg, &rule->source, miss);
		if (miss == RULE_MATCHES) {
			*verdict = verdict_of(rule, VERDICT_RULE);
			return;
		}
	}
	*verdict = verdict_of(&policy->fallback,
			      policy->has_fallback ? VERDICT_DEFAULT : VERDICT_NO_MATCH);
}

void policy_decide(const struct policy *policy, const struct request *request,
		   struct verdict *verdict)
{
	policy_explain(policy, request, verdict, NULL, NULL);
}

const char *rule_miss_name(enum rule_miss miss)
{
	static const char *const names[] = {
		[RULE_MATCHES] = "matches",
		[RULE_OTHER_CLIENT] = "another client",
		[RULE_OTHER_PROTOCOL] = "another protocol",
		[RULE_OTHER_PORT] = "another port",
		[RULE_OTHER_DESTINATION] = "another destination",
		[RULE_EXCEPTED] = "taken away by 'not'",
		[RULE_CANNOT_TELL] = "names and addresses cannot be compared",
	};

	return names[miss];
}

const char *policy_client_name(const struct policy *policy, int client)
{
	bool known = client >= 0 && (size_t)client < policy->client_count;

	return known ? policy->clients[client].name : "-";
}

const char *policy_egress_name(const struct policy *policy, int egress)
{
	bool known = egress >= 0 && (size_t)egress < policy->egress_count;

	return known ? policy->egresses[egress].name : "-";
}

size_t policy_client_count(const struct policy *policy)
{
	return policy->client_count;
}

int policy_find_client(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->client_count; i++) {
		if (strcmp(policy->clients[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static void policy_set_clear(struct policy_set *set)
{
	domains_free(set->domains);
	prefixes_free(set->prefixes);
}

static void rule_clear(struct rule *rule)
{
	policy_set_clear(&rule->to.own);
	policy_set_clear(&rule->except.own);
	free(rule->to.sets);
	free(rule->except.sets);
	free(rule->named);
	free(rule->from);
	free(rule->ports);
}

void policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	for (size_t i = 0; i < policy->client_count; i++) {
		prefixes_free(policy->clients[i].addresses);
		free(policy->clients[i].users);
	}
	for (size_t i = 0; i < policy->set_count; i++)
		policy_set_clear(&policy->sets[i]);
	for (size_t i = 0; i < policy->rule_count; i++)
		rule_clear(&policy->rules[i]);
	clients_index_free(policy->index);
	free(policy->clients);
	free(policy->egresses);
	free(policy->sets);
	free(policy->rules);
	arena_clear(&policy->arena);
	free(policy);
}
