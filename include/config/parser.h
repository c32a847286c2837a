/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The insides of reading a policy file, shared by the files of this folder and by nobody else. */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

#include "base/arena.h"
#include "config/config.h"
#include "config/lexer.h"
#include "config/symbols.h"
#include "policy/builder.h"

/* What the parser keeps of a client beyond the policy's own: for forwards and warnings. */
struct client_draft {
	struct prefix *addresses;
	size_t address_count, user_count;
	unsigned limit_line; /* of its "limit" statement; 0: none */
	bool is_listener;    /* some listener stands for it */
};

struct forward_draft {
	struct forward_config forward;
	struct prefix *from;
	struct token *clients; /* names in "from", resolved when all clients are known */
	size_t from_count, client_count;
	struct place place;
};

struct listen_draft {
	struct listen_config listen;
	struct place place;
	struct token as; /* TOKEN_WORD when it stands for a client */
};

struct expect_draft {
	int client, egress;
	struct host host;
	uint16_t port;
	struct place place;
};

enum once_kind {
	ONCE_DEFAULT,
	ONCE_HEAL,
	ONCE_HOLD,
	ONCE_HANDSHAKE,
	ONCE_CONNECT,
	ONCE_IDLE,
	ONCE_CONTROL,
	ONCE_LOG_LEVEL,
	ONCE_LOG_FORMAT,
	ONCE_LOG_HOSTS,
	ONCE_VIA,
	ONCE_WORKERS,
	ONCE_UDP_PORTS,
	ONCE_KINDS,
};

struct parser {
	struct config_report *report;
	struct lexer lexer;
	struct token token; /* the next one, not yet taken */
	struct token verb;  /* the first of the statement */
	struct config *config;
	struct arena *arena; /* the config's */
	struct egress_config *egresses;
	struct policy_builder *builder;
	struct symbols client_names, egress_names, set_names;
	struct client_draft *clients; /* by index */
	struct listen_draft *listeners;
	size_t listener_count;
	struct forward_draft *forwards;
	size_t forward_count;
	struct expect_draft *expects;
	size_t expect_count;
	struct place *rules; /* of each rule's verb, by the policy's index */
	size_t rule_count;
	unsigned once[ONCE_KINDS]; /* the line that said it */
};

/* --- parser.c: every function that returns int gives -1 once it has reported why --- */

/* Reports; -1 always. hint may be NULL. */
int parser_error(struct parser *parser, const struct token *token, const char *hint,
		 const char *format, ...) PRINTF_LIKE(4, 5);
int parser_no_memory(struct parser *parser);

struct token parser_take(struct parser *parser);
bool parser_next_is(const struct parser *parser, const char *word);

/* The next token if it is a word; what says what is wanted here: "an address and port". */
MUST_CHECK int parser_word(struct parser *parser, struct token *word, const char *what);

/* Takes the end of the statement. */
MUST_CHECK int parser_end(struct parser *parser);

/* Takes the word if it comes next. */
bool parser_take_if(struct parser *parser, const char *word);

/* One or more items with commas between; item takes each. */
typedef int parser_item_fn(struct parser *parser, void *object);
MUST_CHECK int parser_list(struct parser *parser, parser_item_fn *item, void *object);

/* Exactly one of the words. what: "mixed, http or socks". */
MUST_CHECK int parser_choice(struct parser *parser, const char *const *words, size_t count,
			     const char *what, int *choice);

/* Looks a name up and marks it used; reports what is undefined. */
MUST_CHECK int parser_reference(struct parser *parser, struct symbols *symbols,
				const struct token *name);

/* The statement (or its word) may be given only once. */
MUST_CHECK int parser_once(struct parser *parser, const struct token *word, enum once_kind kind);

#endif
