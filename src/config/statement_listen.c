/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listen and forward: where connections come in. */
#include <stdlib.h>

#include "base/array.h"
#include "config/statement.h"

static int listen_as(struct parser *parser, const struct token *word, void *object)
{
	struct listen_draft *draft = object;
	int client;

	(void)word;
	if (parser_word(parser, &draft->as, "the name of a client") < 0)
		return -1;
	client = parser_reference(parser, &parser->client_names, &draft->as);
	if (client < 0)
		return -1;
	draft->listen.client = client;
	parser->clients[client].is_listener = true;
	return 0;
}

static int listen_auth(struct parser *parser, const struct token *word, void *object)
{
	struct listen_draft *draft = object;

	(void)word;
	return value_text(parser, "a file of users", &draft->listen.auth_file);
}

static int listen_tls(struct parser *parser, const struct token *word, void *object)
{
	struct listen_draft *draft = object;

	(void)word;
	if (value_text(parser, "a certificate file", &draft->listen.tls_certificate_file) < 0)
		return -1;
	return value_text(parser, "a key file", &draft->listen.tls_key_file);
}

int parse_listen(struct parser *parser)
{
	static const char *const kinds[] = {
		[LISTEN_MIXED] = "mixed",
		[LISTEN_HTTP] = "http",
		[LISTEN_SOCKS] = "socks",
	};
	static const struct keyword words[] = {
		{"as", listen_as},
		{"auth", listen_auth},
		{"tls", listen_tls},
	};
	struct listen_draft draft = {.listen = {.client = POLICY_CLIENT_UNKNOWN}};
	struct listen_draft *listeners;
	int kind;

	if (parser_choice(parser, kinds, ARRAY_LEN(kinds), "mixed, http or socks", &kind) < 0)
		return -1;
	draft.listen.kind = (enum listen_kind)kind;
	draft.listen.line = parser->verb.place.line;
	draft.place = parser->token.place;
	draft.as.kind = TOKEN_END;
	if (value_endpoint(parser, &draft.listen.address) < 0 ||
	    parser_options(parser, words, ARRAY_LEN(words), &draft) < 0)
		return -1;
	listeners = array_more(parser->listeners, parser->listener_count, sizeof(*listeners));
	if (listeners == NULL)
		return parser_no_memory(parser);
	parser->listeners = listeners;
	listeners[parser->listener_count++] = draft;
	return 0;
}

/* A name is a client's; whatever else may stand here begins with a digit or has a colon. */
static int forward_from_item(struct parser *parser, void *object)
{
	struct forward_draft *draft = object;
	struct prefix *from;
	struct token word, *clients;

	if (parser_word(parser, &word, "a prefix or a client") < 0)
		return -1;
	if (symbol_problem(word.text) == NULL) {
		if (parser_reference(parser, &parser->client_names, &word) < 0)
			return -1;
		clients = array_more(draft->clients, draft->client_count, sizeof(*clients));
		if (clients == NULL)
			return parser_no_memory(parser);
		draft->clients = clients;
		clients[draft->client_count++] = word;
		return 0;
	}
	from = array_more(draft->from, draft->from_count, sizeof(*from));
	if (from == NULL)
		return parser_no_memory(parser);
	draft->from = from;
	if (value_prefix(parser, &word, &from[draft->from_count]) < 0)
		return -1;
	draft->from_count++;
	return 0;
}

static int forward_from(struct parser *parser, const struct token *word, void *object)
{
	(void)word;
	return parser_list(parser, forward_from_item, object);
}

static int forward_words(struct parser *parser, struct forward_draft *draft)
{
	static const struct keyword words[] = {{"from", forward_from}};
	static const char *const to[] = {"to"};
	int choice;

	draft->forward.line = parser->verb.place.line;
	draft->place = parser->token.place;
	if (value_endpoint(parser, &draft->forward.listen) < 0 ||
	    parser_choice(parser, to, ARRAY_LEN(to), "to", &choice) < 0 ||
	    value_endpoint(parser, &draft->forward.target) < 0)
		return -1;
	return parser_options(parser, words, ARRAY_LEN(words), draft);
}

int parse_forward(struct parser *parser)
{
	struct forward_draft draft = {0};
	struct forward_draft *forwards;

	if (forward_words(parser, &draft) < 0)
		goto fail;
	forwards = array_more(parser->forwards, parser->forward_count, sizeof(*forwards));
	if (forwards == NULL) {
		parser_no_memory(parser);
		goto fail;
	}
	parser->forwards = forwards;
	forwards[parser->forward_count++] = draft;
	return 0;
fail:
	free(draft.from);
	free(draft.clients);
	return -1;
}
