/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hold, timeout, control, log, via, workers, udp-ports: how the gateway itself behaves. */
#include <string.h>
#include <sys/un.h>

#include "config/statement.h"

enum {
	SETTING_WORKERS_MAX = 256,
};

int parse_hold(struct parser *parser)
{
	if (parser_once(parser, &parser->verb, ONCE_HOLD) < 0 ||
	    value_time(parser, 0, &parser->config->hold_ms) < 0)
		return -1;
	return parser_end(parser);
}

int parse_timeout(struct parser *parser)
{
	static const char *const kinds[] = {"handshake", "connect", "idle"};
	int64_t *const times[] = {
		&parser->config->handshake_timeout_ms,
		&parser->config->connect_timeout_ms,
		&parser->config->idle_timeout_ms,
	};
	struct token word = parser->token;
	int kind;

	if (parser_choice(parser, kinds, ARRAY_LEN(kinds), "handshake, connect or idle", &kind) <
		    0 ||
	    parser_once(parser, &word, (enum once_kind)((int)ONCE_HANDSHAKE + kind)) < 0 ||
	    value_time(parser, 1, times[kind]) < 0)
		return -1;
	return parser_end(parser);
}

int parse_control(struct parser *parser)
{
	struct token word = parser->token;
	struct sockaddr_un sockaddr;

	if (parser_once(parser, &parser->verb, ONCE_CONTROL) < 0 ||
	    value_text(parser, "the path of a socket", &parser->config->control_path) < 0)
		return -1;
	if (word.text.bytes[0] != '/' || word.text.len >= sizeof(sockaddr.sun_path))
		return parser_error(
			parser, &word, NULL,
			"the path of a socket begins with '/' and has %zu bytes at most",
			sizeof(sockaddr.sun_path) - 1);
	return parser_end(parser);
}

static int log_set_level(struct parser *parser, const struct token *word, void *object)
{
	static const char *const levels[] = {
		[LOG_ERROR] = "error",
		[LOG_WARN] = "warn",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};
	int level;

	(void)object;
	if (parser_once(parser, word, ONCE_LOG_LEVEL) < 0 ||
	    parser_choice(parser, levels, ARRAY_LEN(levels), "error, warn, info or debug", &level) <
		    0)
		return -1;
	parser->config->log_level = (enum log_level)level;
	return 0;
}

static int log_set_format(struct parser *parser, const struct token *word, void *object)
{
	static const char *const formats[] = {
		[LOG_TEXT] = "text",
		[LOG_JSON] = "json",
	};
	int format;

	(void)object;
	if (parser_once(parser, word, ONCE_LOG_FORMAT) < 0 ||
	    parser_choice(parser, formats, ARRAY_LEN(formats), "text or json", &format) < 0)
		return -1;
	parser->config->log_format = (enum log_format)format;
	return 0;
}

static int log_set_hosts(struct parser *parser, const struct token *word, void *object)
{
	(void)object;
	if (parser_once(parser, word, ONCE_LOG_HOSTS) < 0)
		return -1;
	return value_yes(parser, &parser->config->log_hosts);
}

int parse_log(struct parser *parser)
{
	static const struct keyword words[] = {
		{"level", log_set_level},
		{"format", log_set_format},
		{"hosts", log_set_hosts},
	};

	if (parser->token.kind == TOKEN_END)
		return parser_error(parser, &parser->token, NULL,
				    "expected level, format or hosts here");
	return parser_options(parser, words, ARRAY_LEN(words), NULL);
}

int parse_via(struct parser *parser)
{
	if (parser_once(parser, &parser->verb, ONCE_VIA) < 0 ||
	    value_yes(parser, &parser->config->add_via) < 0)
		return -1;
	return parser_end(parser);
}

int parse_workers(struct parser *parser)
{
	uint32_t workers;

	if (parser_once(parser, &parser->verb, ONCE_WORKERS) < 0 ||
	    value_number(parser, 1, SETTING_WORKERS_MAX, &workers) < 0)
		return -1;
	parser->config->workers = workers;
	return parser_end(parser);
}

int parse_udp_ports(struct parser *parser)
{
	struct config *config = parser->config;

	if (parser_once(parser, &parser->verb, ONCE_UDP_PORTS) < 0 ||
	    value_ports(parser, &config->udp_port_low, &config->udp_port_high) < 0)
		return -1;
	return parser_end(parser);
}
