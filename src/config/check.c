/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only the whole file shows: collisions, expectations, and lines that do nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config/statement.h"

static bool check_wildcard(const struct address *address)
{
	static const uint8_t zeros[16];

	return memcmp(address->bytes, zeros, address_len(address)) == 0;
}

/* The same port, and the same address or one that includes the other. */
static bool check_collide(const struct address *a, const struct address *b)
{
	if (a->family != b->family || a->port != b->port)
		return false;
	return address_equals(a, b) || check_wildcard(a) || check_wildcard(b);
}

/* The n-th of all that listens, listeners first. */
static const struct address *check_endpoint(const struct parser *parser, size_t n,
					    struct place *place)
{
	if (n < parser->listener_count) {
		*place = parser->listeners[n].place;
		return &parser->listeners[n].listen.address;
	}
	*place = parser->forwards[n - parser->listener_count].place;
	return &parser->forwards[n - parser->listener_count].forward.listen;
}

static void check_endpoints(struct parser *parser)
{
	size_t count = parser->listener_count + parser->forward_count;

	for (size_t i = 1; i < count; i++) {
		struct place place, other;
		const struct address *address = check_endpoint(parser, i, &place);

		for (size_t j = 0; j < i; j++) {
			if (!check_collide(address, check_endpoint(parser, j, &other)))
				continue;
			/* Told where it is read last. */
			if (place.line < other.line) {
				struct place earlier = place;

				place = other;
				other = earlier;
			}
			config_report_add(parser->report, PROBLEM_ERROR, &place, NULL,
					  "line %u listens there already", other.line);
			break;
		}
	}
}

static int check_forward_client(struct parser *parser, struct forward_draft *draft,
				const struct token *name)
{
	int index = symbols_find(&parser->client_names, name->text);
	const struct client_draft *client = &parser->clients[index];

	if (client->user_count > 0)
		return parser_error(parser, name, "name the addresses instead",
				    "a forward asks for no login, and client '%.*s' has a user",
				    (int)name->text.len, name->text.bytes);
	if (client->address_count == 0)
		return parser_error(parser, name, NULL,
				    "a forward knows addresses only, and client '%.*s' has none",
				    (int)name->text.len, name->text.bytes);
	for (size_t i = 0; i < client->address_count; i++) {
		struct prefix *from = array_more(draft->from, draft->from_count, sizeof(*from));

		if (from == NULL)
			return parser_no_memory(parser);
		draft->from = from;
		from[draft->from_count++] = client->addresses[i];
	}
	return 0;
}

static void check_forwards(struct parser *parser)
{
	for (size_t i = 0; i < parser->forward_count; i++) {
		struct forward_draft *draft = &parser->forwards[i];

		for (size_t j = 0; j < draft->client_count; j++) {
			if (check_forward_client(parser, draft, &draft->clients[j]) < 0)
				break;
		}
	}
}

static void check_expects(struct parser *parser)
{
	const struct policy *policy = parser->config->policy;

	for (size_t i = 0; i < parser->expect_count; i++) {
		const struct expect_draft *expect = &parser->expects[i];
		struct request request = {expect->client, &expect->host, expect->port,
					  TRANSPORT_TCP};
		struct verdict verdict;
		char hint[480];

		policy_decide(policy, &request, &verdict);
		if (verdict.egress == expect->egress)
			continue;
		if (verdict.rule->line == 0)
			snprintf(hint, sizeof(hint), "no rule matches, and there is no default");
		else
			snprintf(hint, sizeof(hint), "line %u decides: %s", verdict.rule->line,
				 verdict.rule->text);
		config_report_add(parser->report, PROBLEM_ERROR, &expect->place, hint,
				  "this expectation does not hold: the answer is '%s'",
				  verdict.allowed ? policy_egress_name(policy, verdict.egress)
						  : "block");
	}
}

static void check_rules(struct parser *parser)
{
	const struct policy *policy = parser->config->policy;

	for (size_t i = 0; i < parser->rule_count; i++) {
		int shadow = policy_rule_shadow(policy, i);
		char hint[480];

		if (shadow >= 0) {
			const struct rule_source *by = policy_rule_source(policy, (size_t)shadow);

			snprintf(hint, sizeof(hint), "line %u: %s", by->line, by->text);
			config_report_add(parser->report, PROBLEM_WARNING, &parser->rules[i], hint,
					  "this rule can never match: line %u always comes first",
					  by->line);
		} else if (policy_rule_skips_names(policy, i)) {
			config_report_add(parser->report, PROBLEM_WARNING, &parser->rules[i],
					  "block the addresses in a rule above instead",
					  "'not' with addresses: no request by name ever matches");
		}
	}
}

static void check_unused(struct parser *parser, const struct symbols *symbols,
			 const char *consequence)
{
	for (size_t i = 0; i < symbols->count; i++) {
		const struct symbol *symbol = &symbols->items[i];

		if (!symbol->used)
			config_report_add(parser->report, PROBLEM_WARNING, &symbol->place, NULL,
					  "%s '%s' is never used%s", symbols->kind, symbol->name,
					  consequence);
	}
}

static bool check_any_login(const struct parser *parser)
{
	for (size_t i = 0; i < parser->listener_count; i++) {
		if (parser->listeners[i].listen.auth_file != NULL)
			return true;
	}
	return false;
}

static void check_clients(struct parser *parser)
{
	bool login = check_any_login(parser);

	for (size_t i = 0; i < parser->client_names.count; i++) {
		const struct client_draft *client = &parser->clients[i];
		const struct symbol *symbol = &parser->client_names.items[i];

		if (client->user_count > 0 && !login)
			config_report_add(parser->report, PROBLEM_WARNING, &symbol->place,
					  "add 'auth FILE' to a listen line",
					  "client '%s' has a user, but no listener asks for a "
					  "login: nobody is ever known as it",
					  symbol->name);
		if (client->user_count + client->address_count == 0 && !client->is_listener)
			config_report_add(parser->report, PROBLEM_WARNING, &symbol->place,
					  "give it an address or a user, or a 'listen ... as' of "
					  "its own",
					  "nobody is ever known as client '%s'", symbol->name);
	}
	for (size_t i = 0; i < parser->listener_count; i++) {
		const struct listen_config *listen = &parser->listeners[i].listen;

		if (login && listen->client >= 0 && listen->auth_file == NULL &&
		    parser->clients[listen->client].user_count > 0)
			config_report_add(parser->report, PROBLEM_WARNING,
					  &parser->listeners[i].as.place,
					  "add 'auth FILE', or leave the user out",
					  "the client has a user, but this listener asks for no "
					  "login: all are refused here");
	}
}

static void check_heal(struct parser *parser)
{
	const struct config *config = parser->config;
	const struct place place = {.line = config->heal.line};

	if (config->heal.url == NULL)
		return;
	for (size_t i = 0; i < parser->egress_names.count; i++) {
		if (parser->egresses[i].kind == EGRESS_DEVICE)
			return;
	}
	config_report_add(
		parser->report, PROBLEM_WARNING, &place, NULL,
		"there is no device egress: no tunnel is seen to come back, and nothing is "
		"healed");
}

void check_all(struct parser *parser)
{
	const struct place whole_file = {0};

	check_endpoints(parser);
	check_forwards(parser);
	if (config_report_count(parser->report, PROBLEM_ERROR) > 0)
		return;
	parser->config->policy = policy_builder_finish(parser->builder);
	parser->builder = NULL;
	if (parser->config->policy == NULL) {
		parser_no_memory(parser);
		return;
	}
	check_expects(parser);
	check_rules(parser);
	check_clients(parser);
	check_heal(parser);
	check_unused(parser, &parser->client_names, " by a rule");
	check_unused(parser, &parser->egress_names, ": nothing leaves by it");
	check_unused(parser, &parser->set_names, "");
	if (parser->listener_count + parser->forward_count == 0)
		config_report_add(parser->report, PROBLEM_WARNING, &whole_file,
				  "listen mixed 172.30.0.2:8118", "nothing listens");
}

static int check_finish_forwards(struct parser *parser)
{
	size_t count = parser->forward_count;
	struct forward_config *forwards = arena_take_array(parser->arena, count, sizeof(*forwards));

	if (forwards == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct forward_draft *draft = &parser->forwards[i];
		size_t size = draft->from_count * sizeof(*draft->from);
		struct prefix *from = arena_take(parser->arena, size);

		if (from == NULL)
			return -1;
		if (size > 0)
			memcpy(from, draft->from, size);
		forwards[i] = draft->forward;
		forwards[i].from = from;
		forwards[i].from_count = draft->from_count;
	}
	parser->config->forwards = forwards;
	parser->config->forward_count = count;
	return 0;
}

static int check_finish_clients(struct parser *parser)
{
	size_t count = parser->client_names.count;
	struct client_config *clients = arena_take_array(parser->arena, count, sizeof(*clients));

	if (clients == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct client_draft *draft = &parser->clients[i];
		size_t size = draft->address_count * sizeof(*draft->addresses);
		struct prefix *addresses = arena_take(parser->arena, size);

		if (addresses == NULL)
			return -1;
		if (size > 0)
			memcpy(addresses, draft->addresses, size);
		clients[i] = (struct client_config){.addresses = addresses,
						    .address_count = draft->address_count,
						    .has_user = draft->user_count > 0};
	}
	parser->config->clients = clients;
	parser->config->client_count = count;
	return 0;
}

int check_finish(struct parser *parser)
{
	size_t count = parser->listener_count;
	struct listen_config *listeners =
		arena_take_array(parser->arena, count, sizeof(*listeners));

	if (listeners == NULL)
		return -1;
	for (size_t i = 0; i < count; i++)
		listeners[i] = parser->listeners[i].listen;
	parser->config->listeners = listeners;
	parser->config->listener_count = count;
	if (check_finish_clients(parser) < 0)
		return -1;
	return check_finish_forwards(parser);
}
