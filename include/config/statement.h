/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What statements are made of, and every kind of them. Like parser.h, of this folder alone. */
#ifndef CONFIG_STATEMENT_H
#define CONFIG_STATEMENT_H

#include "config/parser.h"

/* --- parser.c --- */

/* A word of a statement and what follows it. */
struct keyword {
	const char *word;
	int (*parse)(struct parser *parser, const struct token *word, void *object);
	/* NULL parse: the word is known but "not there yet" */
};

/* Words of the table in any order, each once, until the end of the statement. */
MUST_CHECK int parser_options(struct parser *parser, const struct keyword *words, size_t count,
			      void *object);

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
MUST_CHECK int parse_heal(struct parser *parser);
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
