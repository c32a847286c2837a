/* SPDX-License-Identifier: GPL-3.0-or-later */
/* client, limit and set: who asks, and names for destinations. Their names were declared before. */
#include <string.h>

#include "base/array.h"
#include "config/statement.h"

struct client_words {
	int index;
	struct client_draft *draft;
};

static int client_address_item(struct parser *parser, void *object)
{
	const struct client_words *client = object;
	struct client_draft *draft = client->draft;
	struct prefix *addresses;
	struct token word;

	addresses = array_more(draft->addresses, draft->address_count, sizeof(*addresses));
	if (addresses == NULL)
		return parser_no_memory(parser);
	draft->addresses = addresses;
	if (parser_word(parser, &word, "an address or a prefix") < 0 ||
	    value_prefix(parser, &word, &addresses[draft->address_count]) < 0)
		return -1;
	if (policy_builder_client_address(parser->builder, client->index,
					  &addresses[draft->address_count++]) < 0)
		return parser_no_memory(parser);
	return 0;
}

static int client_address(struct parser *parser, const struct token *word, void *object)
{
	(void)word;
	return parser_list(parser, client_address_item, object);
}

static int client_user_item(struct parser *parser, void *object)
{
	const struct client_words *client = object;
	struct token word;

	if (parser_word(parser, &word, "the name of a user") < 0)
		return -1;
	/* RFC 1929 has one byte for the length; a colon ends the name in RFC 7617. */
	if (word.text.len == 0 || word.text.len > 255 ||
	    memchr(word.text.bytes, ':', word.text.len) != NULL)
		return parser_error(parser, &word, NULL,
				    "a user is 1 to 255 bytes without a colon");
	client->draft->user_count++;
	if (policy_builder_client_user(parser->builder, client->index, word.text.bytes,
				       word.text.len) < 0)
		return parser_no_memory(parser);
	return 0;
}

static int client_user(struct parser *parser, const struct token *word, void *object)
{
	(void)word;
	return parser_list(parser, client_user_item, object);
}

int parse_client(struct parser *parser)
{
	static const struct keyword words[] = {
		{"address", client_address},
		{"user", client_user},
	};
	struct token name = parser_take(parser);
	int index = symbols_find(&parser->client_names, name.text);
	struct client_words client = {index, &parser->clients[index]};

	return parser_options(parser, words, ARRAY_LEN(words), &client);
}

static int limit_sessions(struct parser *parser, const struct token *word, void *object)
{
	uint32_t *limit = object;

	(void)word;
	return value_number(parser, 1, 1000000, limit);
}

/* limit client NAME sessions N */
int parse_limit(struct parser *parser)
{
	static const struct keyword words[] = {{"sessions", limit_sessions}, {"rate", NULL}};
	static const char *const what[] = {"client"};
	struct token name;
	uint32_t limit = 0;
	int client;

	if (parser_choice(parser, what, ARRAY_LEN(what), "client", &client) < 0 ||
	    parser_word(parser, &name, "the name of a client") < 0)
		return -1;
	client = parser_reference(parser, &parser->client_names, &name);
	if (client < 0)
		return -1;
	if (parser->clients[client].limit_line != 0)
		return parser_error(parser, &name, NULL,
				    "line %u has set the limit of '%s' already",
				    parser->clients[client].limit_line,
				    parser->client_names.items[client].name);
	parser->clients[client].limit_line = parser->verb.place.line;
	if (parser->token.kind == TOKEN_END)
		return parser_error(parser, &parser->token, "limit client NAME sessions 64",
				    "expected 'sessions' here");
	if (parser_options(parser, words, ARRAY_LEN(words), &limit) < 0)
		return -1;
	((uint32_t *)parser->config->client_session_limits)[client] = limit;
	return 0;
}

static int set_item(struct parser *parser, void *object)
{
	const int *set = object;
	struct destination destination;
	struct host host;

	if (parse_destination(parser, true, &destination, &host) < 0)
		return -1;
	if (policy_builder_set_add(parser->builder, *set, &destination) < 0)
		return parser_no_memory(parser);
	return 0;
}

int parse_set(struct parser *parser)
{
	struct token name = parser_take(parser);
	int set = symbols_find(&parser->set_names, name.text);

	if (parser_list(parser, set_item, &set) < 0)
		return -1;
	if (parser->token.kind == TOKEN_WORD)
		return parser_error(
			parser, &parser->token, "separate several with commas",
			"'%.*s' was not expected here",
			(int)(parser->token.text.len < 80 ? parser->token.text.len : 80),
			parser->token.text.bytes);
	return parser_end(parser);
}
