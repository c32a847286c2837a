/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules themselves, default, and expect. */
#include <string.h>

#include "base/array.h"
#include "base/special.h"
#include "config/statement.h"

enum {
	RULE_TEXT_MAX = 400,
	RULES_MAX = 4096,
};

/* While a rule is read. */
struct rule_words {
	int egress;
	bool from_except, to_except; /* a "not" was there: what follows must have its own */
};

/* From the verb to the last word of its line: blanks and comment trimmed. */
static struct span rule_text(const struct parser *parser)
{
	struct lexer lexer = parser->lexer;
	const char *start = parser->verb.text.bytes;
	const char *end = start + parser->verb.text.len;

	for (struct token token = parser->token; token.kind != TOKEN_END && !token.continues;
	     token = lexer_next(&lexer))
		end = token.text.bytes + token.text.len + token.quoted;
	if (end - start > RULE_TEXT_MAX)
		end = start + RULE_TEXT_MAX;
	return (struct span){start, (size_t)(end - start)};
}

/*
 * "not a, b": is b meant or is it not? Either reading can let out what the other keeps in, so
 * neither is taken.
 */
static int rule_check_not(struct parser *parser, const struct token *item, bool except, bool *seen)
{
	if (*seen && !except)
		return parser_error(parser, item,
				    "write 'not' in front of each, or put what is wanted first",
				    "is this meant after 'not', or is it not?");
	*seen = except;
	return 0;
}

static int rule_from_item(struct parser *parser, void *object)
{
	struct rule_words *words = object;
	bool except = parser_take_if(parser, "not");
	struct token name;
	int client;

	if (parser_word(parser, &name, "the name of a client") < 0 ||
	    rule_check_not(parser, &name, except, &words->from_except) < 0)
		return -1;
	client = parser_reference(parser, &parser->client_names, &name);
	if (client < 0)
		return -1;
	if (policy_builder_from(parser->builder, client, except) < 0)
		return parser_no_memory(parser);
	return 0;
}

static int rule_from(struct parser *parser, const struct token *word, void *object)
{
	(void)word;
	return parser_list(parser, rule_from_item, object);
}

/* Special at both ends, and no wider than the widest special network (224.0.0.0/4) is. */
static bool rule_prefix_is_special(const struct prefix *prefix)
{
	struct address last = prefix->address;

	for (size_t i = prefix->bits; i < address_len(&last) * 8; i++)
		last.bytes[i / 8] |= (uint8_t)(0x80U >> (i % 8));
	return prefix->bits >= 4 && address_is_special(&prefix->address) &&
	       address_is_special(&last);
}

/* A block by address keeps out only those who ask by address; private ones the guard knows. */
static void rule_warn_address(struct parser *parser, const struct rule_words *words,
			      const struct token *item, const struct destination *destination)
{
	if (words->egress != POLICY_EGRESS_NONE || destination->except ||
	    destination->kind != DESTINATION_PREFIX || rule_prefix_is_special(&destination->prefix))
		return;
	config_report_add(parser->report, PROBLEM_WARNING, &item->place,
			  "block the names too, if it matters",
			  "only requests by address are blocked here, not names that lead there");
}

static int rule_to_item(struct parser *parser, void *object)
{
	struct rule_words *words = object;
	struct token item = parser->token;
	struct destination destination;
	struct host host;

	if (parse_destination(parser, false, &destination, &host) < 0 ||
	    rule_check_not(parser, &item, destination.except, &words->to_except) < 0)
		return -1;
	if (policy_builder_to(parser->builder, &destination) < 0)
		return parser_no_memory(parser);
	rule_warn_address(parser, words, &item, &destination);
	return 0;
}

static int rule_to(struct parser *parser, const struct token *word, void *object)
{
	(void)word;
	return parser_list(parser, rule_to_item, object);
}

static int rule_port_item(struct parser *parser, void *object)
{
	uint16_t low, high;

	(void)object;
	if (value_ports(parser, &low, &high) < 0)
		return -1;
	if (policy_builder_ports(parser->builder, low, high) < 0)
		return parser_no_memory(parser);
	return 0;
}

static int rule_port(struct parser *parser, const struct token *word, void *object)
{
	(void)word;
	return parser_list(parser, rule_port_item, object);
}

static int rule_proto(struct parser *parser, const struct token *word, void *object)
{
	static const char *const words[] = {"tcp", "udp"};
	static const unsigned transports[] = {TRANSPORT_TCP, TRANSPORT_UDP};
	int choice;

	(void)word;
	(void)object;
	if (parser_choice(parser, words, ARRAY_LEN(words), "tcp or udp", &choice) < 0)
		return -1;
	policy_builder_transports(parser->builder, transports[choice]);
	return 0;
}

static const struct keyword rule_keywords[] = {
	{"from", rule_from},   {"to", rule_to}, {"port", rule_port},
	{"proto", rule_proto}, {"at", NULL},    {"resolve", NULL},
};

bool rule_word(const struct token *token)
{
	for (size_t i = 0; i < ARRAY_LEN(rule_keywords); i++) {
		if (token_is(token, rule_keywords[i].word))
			return true;
	}
	return false;
}

int parse_rule(struct parser *parser, int egress)
{
	struct span text = rule_text(parser);
	struct rule_words words = {.egress = egress};
	struct place *rules;

	if (parser->token.kind == TOKEN_END)
		return parser_error(parser, &parser->token,
				    "'to any' is everything; 'default' is what remains",
				    "expected from, to, port or proto here");
	if (parser->rule_count == RULES_MAX)
		return parser_error(parser, &parser->verb, NULL, "%d rules at most", RULES_MAX);
	rules = array_more(parser->rules, parser->rule_count, sizeof(*rules));
	if (rules == NULL)
		return parser_no_memory(parser);
	parser->rules = rules;
	if (policy_builder_rule(parser->builder, egress, parser->verb.place.line, text.bytes,
				text.len) < 0)
		return parser_no_memory(parser);
	rules[parser->rule_count++] = parser->verb.place;
	if (parser->once[ONCE_DEFAULT] != 0)
		config_report_add(parser->report, PROBLEM_WARNING, &parser->verb.place,
				  "put the default last",
				  "this rule stands below the default in line %u, but comes first",
				  parser->once[ONCE_DEFAULT]);
	return parser_options(parser, rule_keywords, ARRAY_LEN(rule_keywords), &words);
}

/* "block", or the name of an egress. */
static int rule_verdict(struct parser *parser, struct token *word, int *egress)
{
	*egress = POLICY_EGRESS_NONE;
	if (parser_word(parser, word, "an egress or block") < 0)
		return -1;
	if (token_is(word, "block"))
		return 0;
	if (token_is(word, "report") || token_is(word, "pool"))
		return parser_error(parser, word, NULL, "'%.*s' is not there yet",
				    (int)word->text.len, word->text.bytes);
	*egress = parser_reference(parser, &parser->egress_names, word);
	return *egress < 0 ? -1 : 0;
}

int parse_default(struct parser *parser)
{
	struct span text = rule_text(parser);
	struct token word;
	int egress;

	if (parser_once(parser, &parser->verb, ONCE_DEFAULT) < 0 ||
	    rule_verdict(parser, &word, &egress) < 0)
		return -1;
	if (policy_builder_default(parser->builder, egress, parser->verb.place.line, text.bytes,
				   text.len) < 0)
		return parser_no_memory(parser);
	return parser_end(parser);
}

/* expect CLIENT HOST:PORT EGRESS|block */
int parse_expect(struct parser *parser)
{
	struct expect_draft *expects;
	struct expect_draft expect;
	struct token word;
	bool used;

	if (parser_word(parser, &word, "the name of a client") < 0)
		return -1;
	expect.client = symbols_find(&parser->client_names, word.text);
	used = expect.client >= 0 && parser->client_names.items[expect.client].used;
	expect.client = parser_reference(parser, &parser->client_names, &word);
	if (expect.client < 0)
		return -1;
	/* A client that is only tested is not used. */
	parser->client_names.items[expect.client].used = used;
	if (value_target(parser, &expect.host, &expect.port) < 0 ||
	    rule_verdict(parser, &word, &expect.egress) < 0 || parser_end(parser) < 0)
		return -1;
	expect.place = word.place;
	expects = array_more(parser->expects, parser->expect_count, sizeof(*expects));
	if (expects == NULL)
		return parser_no_memory(parser);
	parser->expects = expects;
	expects[parser->expect_count++] = expect;
	return 0;
}
