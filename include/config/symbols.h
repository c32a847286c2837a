/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names that the policy file gives to clients, egresses and sets: a table for each kind. */
#ifndef CONFIG_SYMBOLS_H
#define CONFIG_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/span.h"
#include "config/lexer.h"
#include "config/suggest.h"

enum {
	SYMBOL_NAME_MAX = 32,
	SYMBOLS_MAX = 1024,
};

struct symbol {
	char name[SYMBOL_NAME_MAX + 1];
	struct place place; /* of its definition */
	bool used;
};

struct symbols {
	const char *kind; /* "client" */
	struct symbol *items;
	size_t count;
};

void symbols_clear(struct symbols *symbols);

/* The index, or -1 when there is no such name. */
int symbols_find(const struct symbols *symbols, struct span name);

/* A new one; the caller knows that there is none of that name. The index, or -1 + errno. */
MUST_CHECK int symbols_add(struct symbols *symbols, const struct token *name);

void symbols_offer(const struct symbols *symbols, struct suggestion *suggestion);

/* A word of the language. */
bool symbol_is_keyword(struct span name);

/* NULL: this may be a name. Else what is wrong with it, as "... 'x' <problem>" (static). */
const char *symbol_problem(struct span name);

#endif
