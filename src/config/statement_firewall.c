/* SPDX-License-Identifier: GPL-3.0-or-later */
/* firewall, vpn-endpoint: how much the packet rules hold, and what the VPN itself needs of them. */
#include "config/statement.h"

int parse_firewall(struct parser *parser)
{
	static const char *const words[] = {"own", "strict"};
	int choice;

	if (parser_once(parser, &parser->verb, ONCE_FIREWALL) < 0 ||
	    parser_choice(parser, words, ARRAY_LEN(words), "own or strict", &choice) < 0)
		return -1;
	parser->config->firewall.strict = choice == 1;
	return parser_end(parser);
}

static int endpoint_set_protocol(struct parser *parser, const struct token *word, void *object)
{
	static const char *const protocols[] = {"udp", "tcp"};
	struct endpoint_config *endpoint = object;
	int choice;

	(void)word;
	if (parser_choice(parser, protocols, ARRAY_LEN(protocols), "udp or tcp", &choice) < 0)
		return -1;
	endpoint->over_tcp = choice == 1;
	return 0;
}

static int endpoint_set_mark(struct parser *parser, const struct token *word, void *object)
{
	struct endpoint_config *endpoint = object;

	(void)word;
	return value_number(parser, 1, 999999999, &endpoint->mark);
}

int parse_vpn_endpoint(struct parser *parser)
{
	static const struct keyword words[] = {
		{"proto", endpoint_set_protocol},
		{"mark", endpoint_set_mark},
	};
	struct config *config = parser->config;
	struct endpoint_config *endpoint;

	if (config->firewall.endpoint_count == CONFIG_ENDPOINTS_MAX)
		return parser_error(parser, &parser->verb, NULL, "endpoints of the VPN: %d at most",
				    CONFIG_ENDPOINTS_MAX);
	endpoint = &config->firewall.endpoints[config->firewall.endpoint_count];
	if (value_endpoint(parser, &endpoint->address) < 0 ||
	    parser_options(parser, words, ARRAY_LEN(words), endpoint) < 0)
		return -1;
	config->firewall.endpoint_count++;
	return 0;
}
