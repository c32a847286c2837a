/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress: a way out, and what belongs to it. */
#include <net/if.h>
#include <string.h>

#include "config/statement.h"
#include "proto/proxy_url.h"

enum {
	EGRESS_DNS_PORT = 53,
	EGRESS_PROBE_EVERY_MS = 3000,
	EGRESS_PROBE_LEAST_MS = 500,
};

/* What dev_valid_name() of the kernel takes. */
static int egress_device(struct parser *parser, struct egress_config *egress)
{
	struct token word;

	if (parser_word(parser, &word, "a network device like tun0") < 0)
		return -1;
	if (word.text.len == 0 || word.text.len >= IF_NAMESIZE || word.text.bytes[0] == '.' ||
	    memchr(word.text.bytes, '/', word.text.len) != NULL ||
	    memchr(word.text.bytes, ':', word.text.len) != NULL ||
	    memchr(word.text.bytes, ' ', word.text.len) != NULL)
		return parser_error(parser, &word, "tun0 or wg0, say: 15 bytes at most",
				    "'%.*s' cannot be a network device",
				    (int)(word.text.len < 80 ? word.text.len : 80),
				    word.text.bytes);
	egress->device = arena_copy(parser->arena, word.text.bytes, word.text.len);
	return egress->device == NULL ? parser_no_memory(parser) : 0;
}

static int egress_proxy(struct parser *parser, struct egress_config *egress)
{
	struct proxy_url url;
	const char *problem;
	struct token word;

	if (parser_word(parser, &word, "the URL of a proxy") < 0)
		return -1;
	/* The message must not repeat it: there may be a password in it. */
	if (proxy_url_parse(word.text.bytes, word.text.len, &url, &problem) < 0)
		return parser_error(parser, &word, "it looks like socks5://172.31.0.5:1080",
				    "this is not the URL of a proxy: %s", problem);
	explicit_bzero(&url, sizeof(url));
	egress->upstream_url = arena_copy(parser->arena, word.text.bytes, word.text.len);
	return egress->upstream_url == NULL ? parser_no_memory(parser) : 0;
}

static int egress_kind(struct parser *parser, struct egress_config *egress)
{
	static const char *const kinds[] = {
		[EGRESS_DEVICE] = "device",
		[EGRESS_PROXY] = "proxy",
		[EGRESS_DIRECT] = "direct",
	};
	int kind;

	if (parser_choice(parser, kinds, ARRAY_LEN(kinds), "device, proxy or direct", &kind) < 0)
		return -1;
	egress->kind = (enum egress_kind)kind;
	if (egress->kind == EGRESS_DEVICE)
		return egress_device(parser, egress);
	return egress->kind == EGRESS_PROXY ? egress_proxy(parser, egress) : 0;
}

static int egress_resolver_item(struct parser *parser, void *object)
{
	struct egress_config *egress = object;
	struct address address;
	struct token word;

	if (parser_word(parser, &word, "the address of a resolver") < 0)
		return -1;
	if (address_parse(word.text.bytes, word.text.len, &address))
		address.port = EGRESS_DNS_PORT;
	else if (!address_parse_endpoint(word.text.bytes, word.text.len, &address) ||
		 address.port == 0)
		return parser_error(parser, &word, "it looks like 9.9.9.9 or [2620:fe::fe]:53",
				    "'%.*s' is not the address of a resolver",
				    (int)(word.text.len < 80 ? word.text.len : 80),
				    word.text.bytes);
	if (egress->resolver_count == CONFIG_RESOLVERS_MAX)
		return parser_error(parser, &word, NULL, "%d resolvers at most",
				    CONFIG_RESOLVERS_MAX);
	egress->resolvers[egress->resolver_count++] = address;
	return 0;
}

static int egress_resolver(struct parser *parser, const struct token *word, void *object)
{
	const struct egress_config *egress = object;

	if (egress->kind == EGRESS_PROXY)
		return parser_error(parser, word, "leave it out",
				    "a proxy resolves the names itself");
	return parser_list(parser, egress_resolver_item, object);
}

/* Only of a tunnel: who asks after it must know which device it is. */
static int egress_needs_device(struct parser *parser, const struct token *word,
			       const struct egress_config *egress)
{
	if (egress->kind == EGRESS_DEVICE)
		return 0;
	return parser_error(parser, word, NULL, "'%.*s' is for a device egress only",
			    (int)word->text.len, word->text.bytes);
}

static int egress_gluetun(struct parser *parser, const struct token *word, void *object)
{
	struct egress_config *egress = object;
	struct token url = parser->token;
	size_t scheme;

	if (egress_needs_device(parser, word, egress) < 0 ||
	    value_text(parser, "the URL of Gluetun's control server", &egress->gluetun_url) < 0)
		return -1;
	scheme = strncmp(egress->gluetun_url, "https://", 8) == 0 ? 8 : 7;
	if ((scheme == 7 && strncmp(egress->gluetun_url, "http://", 7) != 0) ||
	    strchr("/:?#", egress->gluetun_url[scheme]) != NULL)
		return parser_error(parser, &url, "it looks like http://127.0.0.1:8000",
				    "this is not an http URL");
	return 0;
}

static int egress_key_file(struct parser *parser, const struct token *word, void *object)
{
	struct egress_config *egress = object;

	if (egress_needs_device(parser, word, egress) < 0)
		return -1;
	return value_text(parser, "a file with Gluetun's API key", &egress->key_file);
}

/* probe ADDR:PORT [every TIME] */
static int egress_probe(struct parser *parser, const struct token *word, void *object)
{
	struct egress_config *egress = object;
	struct token target = parser->token;

	if (egress_needs_device(parser, word, egress) < 0)
		return -1;
	if (target.kind == TOKEN_WORD &&
	    !address_parse_endpoint(target.text.bytes, target.text.len, &egress->probe_target))
		return parser_error(parser, &target,
				    "an address with a port, like 1.1.1.1:443: a probe must not "
				    "depend on a name server",
				    "'%.*s' cannot be probed",
				    (int)(target.text.len < 80 ? target.text.len : 80),
				    target.text.bytes);
	if (value_endpoint(parser, &egress->probe_target) < 0)
		return -1;
	if (!parser_take_if(parser, "every"))
		return 0;
	return value_time(parser, EGRESS_PROBE_LEAST_MS, &egress->probe_every_ms);
}

static int egress_private(struct parser *parser, const struct token *word, void *object)
{
	struct egress_config *egress = object;

	(void)parser;
	(void)word;
	egress->allow_private = true;
	return 0;
}

static void egress_default_resolvers(struct egress_config *egress)
{
	static const uint8_t public[][4] = {{9, 9, 9, 9}, {1, 1, 1, 1}};

	for (size_t i = 0; i < ARRAY_LEN(public); i++) {
		struct address address = {.family = AF_INET, .port = EGRESS_DNS_PORT};

		memcpy(address.bytes, public[i], 4);
		egress->resolvers[egress->resolver_count++] = address;
	}
}

int parse_egress(struct parser *parser)
{
	static const struct keyword words[] = {
		{"resolver", egress_resolver}, {"gluetun", egress_gluetun},
		{"key-file", egress_key_file}, {"probe", egress_probe},
		{"private", egress_private},
	};
	struct token name = parser_take(parser);
	int index = symbols_find(&parser->egress_names, name.text);
	struct egress_config *egress = &parser->egresses[index];

	egress->line = parser->verb.place.line;
	egress->probe_every_ms = EGRESS_PROBE_EVERY_MS;
	if (egress_kind(parser, egress) < 0 ||
	    parser_options(parser, words, ARRAY_LEN(words), egress) < 0)
		return -1;
	if (egress->kind != EGRESS_PROXY && egress->resolver_count == 0)
		egress_default_resolvers(egress);
	if (egress->kind != EGRESS_PROXY && !egress->allow_private)
		policy_builder_egress_guarded(parser->builder, index);
	if (egress->key_file != NULL && egress->gluetun_url == NULL)
		config_report_add(parser->report, PROBLEM_WARNING, &name.place, NULL,
				  "egress '%s' has a key-file but no gluetun to show it to",
				  egress->name);
	return 0;
}
