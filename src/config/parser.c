/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all statements share: words, lists, options and complaints. */
#include "config/statement.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/background.h"

enum {
	PARSER_STRETCH_ITEMS = 32, /* of a list, between two chances to rest */
};

int parser_error(struct parser *parser, const struct token *token, const char *hint,
		 const char *format, ...)
{
	char message[400], joined[96];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (hint == NULL && token->continues && token->place.line > 1) {
		snprintf(joined, sizeof(joined),
			 "the line above ends with a comma, so this one continues it");
		hint = joined;
	}
	config_report_add(parser->report, PROBLEM_ERROR, &token->place, hint, "%s", message);
	return -1;
}

int parser_no_memory(struct parser *parser)
{
	return parser_error(parser, &parser->verb, NULL, "out of memory");
}

struct token parser_take(struct parser *parser)
{
	struct token taken = parser->token;

	parser->token = lexer_next(&parser->lexer);
	return taken;
}

bool parser_next_is(const struct parser *parser, const char *word)
{
	return token_is(&parser->token, word);
}

bool parser_take_if(struct parser *parser, const char *word)
{
	if (!parser_next_is(parser, word))
		return false;
	parser_take(parser);
	return true;
}

int parser_word(struct parser *parser, struct token *word, const char *what)
{
	*word = parser_take(parser);
	switch (word->kind) {
	case TOKEN_WORD:
		return 0;
	case TOKEN_BAD:
		return parser_error(parser, word, NULL, "%s", word->problem);
	case TOKEN_COMMA:
		return parser_error(parser, word, NULL, "expected %s in front of this comma", what);
	case TOKEN_END:
		break;
	}
	return parser_error(parser, word, NULL, "expected %s here", what);
}

int parser_end(struct parser *parser)
{
	struct token token = parser_take(parser);

	if (token.kind == TOKEN_END)
		return 0;
	if (token.kind == TOKEN_BAD)
		return parser_error(parser, &token, NULL, "%s", token.problem);
	return parser_error(parser, &token, NULL, "expected the end of the line, not '%.*s'",
			    (int)(token.text.len < 80 ? token.text.len : 80), token.text.bytes);
}

int parser_list(struct parser *parser, parser_item_fn *item, void *object)
{
	for (unsigned items = 1;; items++) {
		if (items % PARSER_STRETCH_ITEMS == 0)
			background_rest();
		if (item(parser, object) < 0)
			return -1;
		if (parser->token.kind != TOKEN_COMMA)
			return 0;
		parser_take(parser);
	}
}

/* "expected one of: from, to, port", or the nearest of them. */
static const char *parser_expected(const struct keyword *words, size_t count,
				   const struct token *token, char hint[256])
{
	struct suggestion suggestion;
	struct text text;

	suggestion_init(&suggestion, token->text);
	for (size_t i = 0; i < count; i++)
		suggestion_offer(&suggestion, words[i].word);
	if (suggestion_hint(&suggestion, hint) != NULL)
		return hint;
	text_init(&text, hint, 256);
	text_add(&text, "what may stand here: ");
	for (size_t i = 0, told = 0; i < count; i++) {
		if (words[i].parse == NULL)
			continue;
		if (told++ > 0)
			text_add(&text, ", ");
		text_add(&text, words[i].word);
	}
	return hint;
}

static int parser_option(struct parser *parser, const struct keyword *words, size_t count,
			 void *object, uint32_t *seen)
{
	struct token word;
	char hint[256];

	if (parser_word(parser, &word, "a word") < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!token_is(&word, words[i].word))
			continue;
		if (words[i].parse == NULL)
			return parser_error(parser, &word, "leave it out for now",
					    "'%s' is not there yet", words[i].word);
		if ((*seen >> i & 1) != 0)
			return parser_error(parser, &word, "separate several with commas",
					    "'%s' is given twice", words[i].word);
		*seen |= (uint32_t)1 << i;
		return words[i].parse(parser, &word, object);
	}
	return parser_error(parser, &word, parser_expected(words, count, &word, hint),
			    "'%.*s' was not expected here",
			    (int)(word.text.len < 80 ? word.text.len : 80), word.text.bytes);
}

int parser_options(struct parser *parser, const struct keyword *words, size_t count, void *object)
{
	uint32_t seen = 0;

	while (parser->token.kind != TOKEN_END) {
		if (parser->token.kind == TOKEN_COMMA)
			return parser_end(parser);
		if (parser_option(parser, words, count, object, &seen) < 0)
			return -1;
	}
	return 0;
}

int parser_choice(struct parser *parser, const char *const *words, size_t count, const char *what,
		  int *choice)
{
	struct suggestion suggestion;
	struct token word;
	char hint[96];

	if (parser_word(parser, &word, what) < 0)
		return -1;
	suggestion_init(&suggestion, word.text);
	for (size_t i = 0; i < count; i++) {
		if (token_is(&word, words[i])) {
			*choice = (int)i;
			return 0;
		}
		suggestion_offer(&suggestion, words[i]);
	}
	return parser_error(parser, &word, suggestion_hint(&suggestion, hint),
			    "expected %s, not '%.*s'", what,
			    (int)(word.text.len < 80 ? word.text.len : 80), word.text.bytes);
}

int parser_reference(struct parser *parser, struct symbols *symbols, const struct token *name)
{
	int index = symbols_find(symbols, name->text);
	struct suggestion suggestion;
	char hint[96];

	if (index >= 0) {
		symbols->items[index].used = true;
		return index;
	}
	suggestion_init(&suggestion, name->text);
	symbols_offer(symbols, &suggestion);
	return parser_error(parser, name, suggestion_hint(&suggestion, hint),
			    "there is no %s called '%.*s'", symbols->kind,
			    (int)(name->text.len < 80 ? name->text.len : 80), name->text.bytes);
}

int parser_once(struct parser *parser, const struct token *word, enum once_kind kind)
{
	if (parser->once[kind] != 0)
		return parser_error(parser, word, NULL, "line %u has said this already",
				    parser->once[kind]);
	parser->once[kind] = word->place.line;
	return 0;
}
