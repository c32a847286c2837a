/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cuts the policy file into statements and words. A statement is a line; a line that ends with a
 * comma goes on in the next. '#' at the start of a word begins a comment; "..." is one word.
 */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "config/report.h"

enum {
	LEXER_LINE_MAX = 16 * 1024 * 1024,
};

enum token_kind {
	TOKEN_WORD,
	TOKEN_COMMA,
	TOKEN_END, /* of the statement; stays until lexer_statement */
	TOKEN_BAD, /* problem says why */
};

struct token {
	enum token_kind kind;
	struct span text; /* without the quotes; borrowed from the file */
	struct place place;
	bool quoted;
	bool continues;      /* the first on a line that a comma joined to the one above */
	const char *problem; /* TOKEN_BAD; static */
};

struct lexer {
	const char *next, *end; /* what is left of the file */
	const char *line_start, *line_end;
	unsigned line;
	bool begun; /* inside a statement */
	bool after_comma;
};

/* text is borrowed. A byte order mark is passed over. */
void lexer_init(struct lexer *lexer, const char *text, size_t len);

/* Goes to the next statement (at first: the first), past what is left of this one. False: there is
 * none. */
bool lexer_statement(struct lexer *lexer);

/* The next word of this statement. */
struct token lexer_next(struct lexer *lexer);

bool token_is(const struct token *token, const char *word);

#endif
