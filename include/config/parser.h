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

/* A word of a statement and what follows it. */
struct keyword {
	const char *word;
	int (*parse)(struct parser *parser, const struct token *word, void *object);
	/* NULL parse: the word is known but "not there yet" */
};

/* Words of the table in any order, each once, until the end of the statement. */
MUST_CHECK int parser_options(struct parser *parser, const struct keyword *words, size_t count,
			      void *object);

/* Exactly one of the words. what: "mixed, http or socks". */
MUST_CHECK int parser_choice(struct parser *parser, const char *const *words, size_t count,
			     const char *what, int *choice);

/* Looks a name up and marks it used; reports what is undefined. */
MUST_CHECK int parser_reference(struct parser *parser, struct symbols *symbols,
				const struct token *name);

/* The statement (or its word) may be given only once. */
MUST_CHECK int parser_once(struct parser *parser, const struct token *word, enum once_kind kind);

/* --- values.c --- */

MUST_CHECK int value_endpoint(struct parser *parser, struct address *address);
MUST_CHECK int value_prefix(struct parser *parser, const struct token *token,
			    struct prefix *prefix);
MUST_CHECK int value_time(struct parser *parser, int64_t least_ms, int64_t *ms);
MUST_CHECK int value_number(struct parser *parser, uint32_t least, uint32_t most, uint32_t *number);
MUST_CHECK int value_yes(struct parser *parser, bool *yes);
/* A name, not an address: a leading "*." gives below. */
MUST_CHECK int value_name(struct parser *parser, const struct token *token, struct host *host,
			  bool *below);
/* HOST:PORT. */
MUST_CHECK int value_target(struct parser *parser, struct host *host, uint16_t *port);
/* LOW-HIGH or one port. */
MUST_CHECK int value_ports(struct parser *parser, uint16_t *low, uint16_t *high);
/* A copy that lives as long as the config. */
MUST_CHECK int value_text(struct parser *parser, const char *what, const char **text);

/* --- destination.c --- */

/* One item of a set (in_set) or a rule's "to"; host is room for its name. */
MUST_CHECK int parse_destination(struct parser *parser, bool in_set,
				 struct destination *destination, struct host *host);

/* --- statements: called with the verb taken --- */

MUST_CHECK int parse_listen(struct parser *parser);
MUST_CHECK int parse_forward(struct parser *parser);
MUST_CHECK int parse_client(struct parser *parser);
MUST_CHECK int parse_limit(struct parser *parser);
MUST_CHECK int parse_egress(struct parser *parser);
MUST_CHECK int parse_set(struct parser *parser);
MUST_CHECK int parse_rule(struct parser *parser, int egress);
MUST_CHECK int parse_default(struct parser *parser);
MUST_CHECK int parse_expect(struct parser *parser);
MUST_CHECK int parse_hold(struct parser *parser);
MUST_CHECK int parse_timeout(struct parser *parser);
MUST_CHECK int parse_control(struct parser *parser);
MUST_CHECK int parse_log(struct parser *parser);
MUST_CHECK int parse_via(struct parser *parser);
MUST_CHECK int parse_workers(struct parser *parser);
MUST_CHECK int parse_udp_ports(struct parser *parser);

/* Is this a word that goes on in a rule? */
bool rule_word(const struct token *token);

/* Fills config->policy and all the rest from the statements; reports. -1: out of memory only. */
MUST_CHECK int parser_statements(struct parser *parser, const char *text, size_t len);

/* What only the whole file shows. Finishes the policy when there are no errors. */
void check_all(struct parser *parser);

/* Copies listeners and forwards into the config. -1 + errno. */
MUST_CHECK int check_finish(struct parser *parser);

#endif
