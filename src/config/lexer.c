/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words, commas and ends of statements. */
#include "config/lexer.h"

#include <string.h>

#include "base/background.h"
#include "base/utf8.h"

enum {
	LEXER_STRETCH_TOKENS = 256, /* passed over between two chances to rest */
};

static const char no_utf8[] = "this is no UTF-8: save the file in that encoding";

/* Found once a line: a place needs it for every word, and a line may hold a million of them. */
static void lexer_begin_line(struct lexer *lexer)
{
	lexer->line_start = lexer->next;
	lexer->line_end = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));
	if (lexer->line_end == NULL)
		lexer->line_end = lexer->end;
}

void lexer_init(struct lexer *lexer, const char *text, size_t len)
{
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	*lexer = (struct lexer){.next = text, .end = text + len, .line = 1};
	lexer_begin_line(lexer);
}

static bool lexer_is_blank(const struct lexer *lexer, const char *at)
{
	if (*at == ' ' || *at == '\t')
		return true;
	/* A file edited on Windows. */
	return *at == '\r' && (at + 1 == lexer->end || at[1] == '\n');
}

static void lexer_skip_blanks(struct lexer *lexer)
{
	while (lexer->next < lexer->end && lexer_is_blank(lexer, lexer->next))
		lexer->next++;
	if (lexer->next < lexer->end && *lexer->next == '#')
		lexer->next = lexer->line_end;
}

static bool lexer_at_line_end(const struct lexer *lexer)
{
	return lexer->next == lexer->line_end;
}

static void lexer_next_line(struct lexer *lexer)
{
	lexer->next++;
	lexer->line++;
	lexer_begin_line(lexer);
}

bool lexer_statement(struct lexer *lexer)
{
	for (unsigned i = 1; lexer->begun && lexer_next(lexer).kind != TOKEN_END; i++) {
		if (i % LEXER_STRETCH_TOKENS == 0)
			background_rest();
	}
	lexer->begun = true;
	for (;;) {
		lexer_skip_blanks(lexer);
		if (lexer->next == lexer->end)
			return false;
		if (*lexer->next != '\n')
			return true;
		lexer_next_line(lexer);
	}
}

static struct place lexer_place(const struct lexer *lexer, const char *at, size_t width)
{
	const char *end = lexer->line_end;

	if (end > lexer->line_start && end[-1] == '\r')
		end--;
	return (struct place){
		.line = lexer->line,
		.column = (unsigned)(at - lexer->line_start) + 1,
		.width = width,
		.source = lexer->line_start,
		.source_len = (size_t)(end - lexer->line_start),
	};
}

static struct token lexer_bad(struct lexer *lexer, const char *at, const char *problem)
{
	struct token token = {.kind = TOKEN_BAD, .problem = problem};

	token.place = lexer_place(lexer, at, 1);
	token.text = (struct span){at, 1};
	lexer->next = lexer->line_end;
	return token;
}

static bool lexer_is_control(char byte)
{
	unsigned char value = (unsigned char)byte;

	return value < 0x20 || value == 0x7f;
}

/* Bytes of the letter there; 0: it is none of UTF-8, which what is told of it in JSON has to be. */
static size_t lexer_letter(const struct lexer *lexer, const char *at)
{
	return (unsigned char)*at < 0x80 ? 1 : utf8_len(at, (size_t)(lexer->end - at));
}

/* What a word of ASCII is made of; whatever else stands there is looked at more closely. */
static const bool lexer_plain[256] = {
	['!'] = true,
	['#' ... '+'] = true,
	['-' ... '~'] = true,
};

static bool lexer_ends_word(const struct lexer *lexer, const char *at)
{
	return at == lexer->end || *at == '\n' || *at == ',' || lexer_is_blank(lexer, at);
}

static struct token lexer_quoted(struct lexer *lexer)
{
	struct token token = {.kind = TOKEN_WORD, .quoted = true};
	const char *open = lexer->next, *close = open + 1;
	size_t len;

	for (; close < lexer->end && *close != '"' && *close != '\n'; close += len) {
		len = lexer_letter(lexer, close);
		if (len == 0)
			return lexer_bad(lexer, close, no_utf8);
		if (lexer_is_control(*close) && *close != '\t')
			return lexer_bad(lexer, close, "a control character");
	}
	if (close == lexer->end || *close == '\n')
		return lexer_bad(lexer, open, "this quote is never closed");
	if (!lexer_ends_word(lexer, close + 1))
		return lexer_bad(lexer, close + 1, "a blank is missing after the quote");
	lexer->next = close + 1;
	token.text = (struct span){open + 1, (size_t)(close - open) - 1};
	token.place = lexer_place(lexer, open, (size_t)(lexer->next - open));
	return token;
}

static struct token lexer_word(struct lexer *lexer)
{
	struct token token = {.kind = TOKEN_WORD};
	const char *start = lexer->next, *at = start;
	size_t len;

	for (;; at += len) {
		while (at < lexer->end && lexer_plain[(unsigned char)*at])
			at++;
		if (lexer_ends_word(lexer, at))
			break;
		len = lexer_letter(lexer, at);
		if (len == 0)
			return lexer_bad(lexer, at, no_utf8);
		if (lexer_is_control(*at))
			return lexer_bad(lexer, at, "a control character");
		if (*at == '"')
			return lexer_bad(lexer, at, "a quote may only stand around a whole word");
	}
	lexer->next = at;
	token.text = (struct span){start, (size_t)(at - start)};
	token.place = lexer_place(lexer, start, token.text.len);
	return token;
}

struct token lexer_next(struct lexer *lexer)
{
	struct token token = {.kind = TOKEN_END};
	bool continues = false;

	lexer_skip_blanks(lexer);
	while (lexer->after_comma && lexer->next < lexer->end && *lexer->next == '\n') {
		lexer_next_line(lexer);
		lexer_skip_blanks(lexer);
		continues = true;
	}
	lexer->after_comma = false;
	if (lexer->line_end - lexer->line_start > LEXER_LINE_MAX && !lexer_at_line_end(lexer))
		return lexer_bad(lexer, lexer->next, "this line is longer than 16 MiB");
	if (lexer_at_line_end(lexer)) {
		token.place = lexer_place(lexer, lexer->next, 1);
		token.text = (struct span){lexer->next, 0};
		return token;
	}
	if (*lexer->next == ',') {
		token.kind = TOKEN_COMMA;
		token.text = (struct span){lexer->next, 1};
		token.place = lexer_place(lexer, lexer->next, 1);
		lexer->next++;
		lexer->after_comma = true;
	} else {
		token = *lexer->next == '"' ? lexer_quoted(lexer) : lexer_word(lexer);
	}
	token.continues = continues;
	return token;
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && !token->quoted && span_equals(token->text, word);
}
