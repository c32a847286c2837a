/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule or a set may name as a destination. */
#include <stdio.h>
#include <string.h>

#include "config/statement.h"

static bool destination_looks_like_address(struct span text)
{
	const char *slash = memchr(text.bytes, '/', text.len);
	struct address address;

	if (slash != NULL)
		text.len = (size_t)(slash - text.bytes);
	if (slash == NULL && text.len > 2 && text.bytes[0] == '[' &&
	    text.bytes[text.len - 1] == ']')
		text = (struct span){text.bytes + 1, text.len - 2};
	return address_parse(text.bytes, text.len, &address);
}

static int destination_set(struct parser *parser, struct destination *destination)
{
	struct token name;

	if (parser_word(parser, &name, "the name of a set") < 0)
		return -1;
	destination->kind = DESTINATION_SET;
	destination->set = parser_reference(parser, &parser->set_names, &name);
	return destination->set < 0 ? -1 : 0;
}

/* "noise" alone is a host name, but hardly ever what was meant when a set is called that. */
static int destination_refuse_set_name(struct parser *parser, const struct token *word)
{
	char hint[96];

	if (symbols_find(&parser->set_names, word->text) < 0)
		return 0;
	snprintf(hint, sizeof(hint), "did you mean 'set %.*s'?", (int)word->text.len,
		 word->text.bytes);
	return parser_error(parser, word, hint, "'%.*s' is a set", (int)word->text.len,
			    word->text.bytes);
}

static int destination_name(struct parser *parser, const struct token *word,
			    struct destination *destination, struct host *host)
{
	if (destination_refuse_set_name(parser, word) < 0)
		return -1;
	/* A name without a dot is legal, but a keyword here is a slip. */
	if (!word->quoted && symbol_is_keyword(word->text))
		return parser_error(parser, word, NULL,
				    "expected a destination, not the word '%.*s'",
				    (int)word->text.len, word->text.bytes);
	if (value_name(parser, word, host, &destination->below) < 0)
		return -1;
	destination->kind = DESTINATION_NAME;
	destination->name = host->name;
	destination->name_len = host->name_len;
	return 0;
}

int parse_destination(struct parser *parser, bool in_set, struct destination *destination,
		      struct host *host)
{
	struct token word;

	*destination = (struct destination){0};
	destination->except = !in_set && parser_take_if(parser, "not");
	if (parser_word(parser, &word, "a destination") < 0)
		return -1;
	if (token_is(&word, "list"))
		return parser_error(parser, &word, "put the names into a set for now",
				    "'list' is not there yet");
	if (token_is(&word, "private")) {
		destination->kind = DESTINATION_PRIVATE;
		return 0;
	}
	if (!in_set && token_is(&word, "set"))
		return destination_set(parser, destination);
	if (!in_set && token_is(&word, "ip-literal")) {
		destination->kind = DESTINATION_LITERAL;
		return 0;
	}
	if (!in_set && token_is(&word, "any")) {
		destination->kind = DESTINATION_ANY;
		if (destination->except)
			return parser_error(parser, &word, NULL, "'not any' never matches");
		return 0;
	}
	if (!destination_looks_like_address(word.text))
		return destination_name(parser, &word, destination, host);
	destination->kind = DESTINATION_PREFIX;
	if (word.text.bytes[0] == '[')
		return parser_error(parser, &word, "write the address without brackets",
				    "'%.*s' has brackets", (int)word.text.len, word.text.bytes);
	return value_prefix(parser, &word, &destination->prefix);
}
