/* SPDX-License-Identifier: GPL-3.0-or-later */
/* heal: whom to ask to try again after an outage. */
#include <string.h>

#include "config/statement.h"

enum {
	HEAL_AFTER_MS = 30 * 1000,
};

/* "http://ADDRESS:PORT[/BASE]": a name would have to be looked up, and packet rules know none. */
static bool heal_url_parse(const char *url, struct address *target)
{
	static const char scheme[] = "http://";
	const char *start = url + sizeof(scheme) - 1;
	size_t len;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;
	len = strcspn(start, "/");
	return address_parse_endpoint(start, len, target) && target->port != 0 &&
	       strpbrk(start + len, "?#@ ") == NULL;
}

static int heal_key_file(struct parser *parser, const struct token *word, void *object)
{
	struct heal_config *heal = object;

	(void)word;
	return value_text(parser, "a file with Prowlarr's API key", &heal->key_file);
}

static int heal_after(struct parser *parser, const struct token *word, void *object)
{
	struct heal_config *heal = object;

	(void)word;
	return value_time(parser, 0, &heal->after_ms);
}

int parse_heal(struct parser *parser)
{
	static const char *const apps[] = {"prowlarr"};
	static const struct keyword words[] = {{"key-file", heal_key_file}, {"after", heal_after}};
	struct heal_config heal = {.after_ms = HEAL_AFTER_MS, .line = parser->verb.place.line};
	struct token url;
	int app;

	if (parser_once(parser, &parser->verb, ONCE_HEAL) < 0 ||
	    parser_choice(parser, apps, ARRAY_LEN(apps), "prowlarr", &app) < 0)
		return -1;
	url = parser->token;
	if (value_text(parser, "the URL of Prowlarr", &heal.url) < 0)
		return -1;
	if (!heal_url_parse(heal.url, &heal.target))
		return parser_error(parser, &url, "it looks like http://172.30.0.10:9696",
				    "this is not the http URL of an address and a port");
	if (parser_options(parser, words, ARRAY_LEN(words), &heal) < 0)
		return -1;
	if (heal.key_file == NULL)
		return parser_error(parser, &parser->verb, "add key-file FILE",
				    "Prowlarr answers only who has its API key");
	parser->config->heal = heal;
	return 0;
}
