/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The statements of the language. The file is gone through twice: first for the names it defines,
 * so that a rule may use what is defined below it and every complaint comes in the file's order.
 */
#include <string.h>

#include "base/array.h"
#include "config/statement.h"

struct statement {
	const char *verb;
	int (*parse)(struct parser *parser); /* NULL: not there yet */
};

static const struct statement statements[] = {
	{"listen", parse_listen},
	{"forward", parse_forward},
	{"client", parse_client},
	{"egress", parse_egress},
	{"set", parse_set},
	{"default", parse_default},
	{"expect", parse_expect},
	{"heal", parse_heal},
	{"hold", parse_hold},
	{"timeout", parse_timeout},
	{"limit", parse_limit},
	{"control", parse_control},
	{"log", parse_log},
	{"via", parse_via},
	{"workers", parse_workers},
	{"udp-ports", parse_udp_ports},
	{"list", NULL},
	{"pool", NULL},
	{"report", NULL},
};

/* The table a statement puts a name into; NULL: it defines none. */
static struct symbols *statement_defines(struct parser *parser, const struct token *verb)
{
	if (token_is(verb, "client"))
		return &parser->client_names;
	if (token_is(verb, "egress"))
		return &parser->egress_names;
	return token_is(verb, "set") ? &parser->set_names : NULL;
}

static int statement_define(struct parser *parser, struct symbols *symbols,
			    const struct token *name)
{
	int index = symbols_add(symbols, name);
	struct client_draft *clients;

	if (index < 0)
		return -1;
	if (symbols == &parser->egress_names)
		return policy_builder_egress(parser->builder, name->text.bytes, name->text.len);
	if (symbols == &parser->set_names)
		return policy_builder_set(parser->builder);
	clients = array_more(parser->clients, (size_t)index, sizeof(*clients));
	if (clients == NULL)
		return -1;
	parser->clients = clients;
	return policy_builder_client(parser->builder, name->text.bytes, name->text.len);
}

/* The first time through. What is wrong with a name is told the second time. */
static int statements_define(struct parser *parser, const char *text, size_t len)
{
	lexer_init(&parser->lexer, text, len);
	while (lexer_statement(&parser->lexer)) {
		struct token verb = lexer_next(&parser->lexer);
		struct symbols *symbols = statement_defines(parser, &verb);
		struct token name;

		if (symbols == NULL)
			continue;
		name = lexer_next(&parser->lexer);
		if (name.kind == TOKEN_WORD && symbol_problem(name.text) == NULL &&
		    symbols_find(symbols, name.text) < 0 && symbols->count < SYMBOLS_MAX &&
		    statement_define(parser, symbols, &name) < 0)
			return -1;
	}
	return 0;
}

/* Refuses a name that is none, or that is defined above. */
static int statement_check_name(struct parser *parser, const struct symbols *symbols)
{
	struct token name = parser->token;
	const char *problem;
	int index;

	if (name.kind != TOKEN_WORD)
		return parser_word(parser, &name, "a name");
	problem = symbol_problem(name.text);
	if (problem != NULL)
		return parser_error(parser, &name, NULL, "'%.*s' %s",
				    (int)(name.text.len < 80 ? name.text.len : 80), name.text.bytes,
				    problem);
	index = symbols_find(symbols, name.text);
	if (index < 0)
		return parser_error(parser, &name, NULL, "%ss: %d at most", symbols->kind,
				    SYMBOLS_MAX);
	if (symbols->items[index].place.line != name.place.line)
		return parser_error(parser, &name, NULL, "%s '%s' is defined already, in line %u",
				    symbols->kind, symbols->items[index].name,
				    symbols->items[index].place.line);
	return 0;
}

/* Neither a statement nor an egress. */
static int statement_unknown(struct parser *parser)
{
	const struct token *verb = &parser->verb;
	int shown = (int)(verb->text.len < 80 ? verb->text.len : 80);
	struct suggestion suggestion;
	char hint[96];

	suggestion_init(&suggestion, verb->text);
	suggestion_offer(&suggestion, "block");
	symbols_offer(&parser->egress_names, &suggestion);
	if (rule_word(&parser->token))
		return parser_error(parser, verb, suggestion_hint(&suggestion, hint),
				    "there is no egress called '%.*s'", shown, verb->text.bytes);
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		suggestion_offer(&suggestion, statements[i].verb);
	return parser_error(parser, verb, suggestion_hint(&suggestion, hint),
			    "there is no statement and no egress called '%.*s'", shown,
			    verb->text.bytes);
}

static int statement_parse(struct parser *parser)
{
	struct symbols *symbols = statement_defines(parser, &parser->verb);
	int egress;

	if (token_is(&parser->verb, "block"))
		return parse_rule(parser, POLICY_EGRESS_NONE);
	if (symbols != NULL && statement_check_name(parser, symbols) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		if (!token_is(&parser->verb, statements[i].verb))
			continue;
		if (statements[i].parse == NULL)
			return parser_error(parser, &parser->verb, "leave the line out for now",
					    "'%s' is not there yet", statements[i].verb);
		return statements[i].parse(parser);
	}
	egress = symbols_find(&parser->egress_names, parser->verb.text);
	if (egress < 0)
		return statement_unknown(parser);
	parser->egress_names.items[egress].used = true;
	return parse_rule(parser, egress);
}

static int statements_prepare(struct parser *parser)
{
	struct config *config = parser->config;
	size_t count = parser->egress_names.count;

	parser->egresses = arena_take_array(parser->arena, count, sizeof(*parser->egresses));
	config->client_session_limits =
		arena_take_array(parser->arena, parser->client_names.count, sizeof(uint32_t));
	if (parser->egresses == NULL || config->client_session_limits == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *name = parser->egress_names.items[i].name;

		parser->egresses[i].name = arena_copy(parser->arena, name, strlen(name));
		if (parser->egresses[i].name == NULL)
			return -1;
	}
	config->egresses = parser->egresses;
	config->egress_count = count;
	return 0;
}

int parser_statements(struct parser *parser, const char *text, size_t len)
{
	if (statements_define(parser, text, len) < 0 || statements_prepare(parser) < 0)
		return -1;
	lexer_init(&parser->lexer, text, len);
	while (lexer_statement(&parser->lexer)) {
		int parsed;

		parser->verb = lexer_next(&parser->lexer);
		if (parser->verb.kind == TOKEN_WORD) {
			parser->token = lexer_next(&parser->lexer);
			parsed = statement_parse(parser);
		} else {
			parser->token = parser->verb;
			parsed = parser_word(parser, &parser->verb, "a statement");
		}
		/* One complaint a statement: what comes after the first is mostly its echo. */
		(void)parsed;
	}
	return 0;
}
