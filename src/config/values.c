/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times, numbers, addresses and names, with a word of help where they are mistyped. */
#include <stdio.h>
#include <string.h>

#include "config/name.h"
#include "config/statement.h"

enum {
	VALUE_TIME_MAX_DAYS = 30,
	VALUE_SHOWN_MAX = 80,
};

static int value_shown(const struct token *token)
{
	return (int)(token->text.len < VALUE_SHOWN_MAX ? token->text.len : VALUE_SHOWN_MAX);
}

/* Plain digits, no sign, at most nine of them. */
static bool value_digits(struct span text, uint32_t *number)
{
	uint32_t value = 0;

	if (text.len == 0 || text.len > 9)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(text.bytes[i] - '0');
	}
	*number = value;
	return true;
}

static const char *value_endpoint_hint(const struct token *token, char hint[128])
{
	struct address address;

	if (address_parse(token->text.bytes, token->text.len, &address)) {
		snprintf(hint, 128,
			 address.family == AF_INET6 ? "the port is missing: [%.*s]:8118"
						    : "the port is missing: %.*s:8118",
			 value_shown(token), token->text.bytes);
		return hint;
	}
	return "it looks like 172.30.0.2:8118 or [fd00::2]:8118; a name cannot stand here";
}

int value_endpoint(struct parser *parser, struct address *address)
{
	struct token token;
	char hint[128];

	if (parser_word(parser, &token, "an address and port") < 0)
		return -1;
	if (!address_parse_endpoint(token.text.bytes, token.text.len, address))
		return parser_error(parser, &token, value_endpoint_hint(&token, hint),
				    "'%.*s' is not an address with a port", value_shown(&token),
				    token.text.bytes);
	if (address->port == 0)
		return parser_error(parser, &token, NULL, "port 0 is not a port");
	return 0;
}

/* The prefix that was meant when bits behind the slash are set: 10.0.0.1/8 means 10.0.0.0/8. */
static const char *value_prefix_hint(struct span text, char hint[128])
{
	const char *slash = memchr(text.bytes, '/', text.len);
	char shown[PREFIX_TEXT_SIZE];
	struct prefix prefix = {0};
	uint32_t bits;

	if (slash == NULL ||
	    !address_parse(text.bytes, (size_t)(slash - text.bytes), &prefix.address) ||
	    !value_digits((struct span){slash + 1, text.len - (size_t)(slash - text.bytes) - 1},
			  &bits) ||
	    bits > address_len(&prefix.address) * 8)
		return NULL;
	for (size_t i = bits; i < address_len(&prefix.address) * 8; i++)
		prefix.address.bytes[i / 8] &= (uint8_t) ~(0x80U >> (i % 8));
	prefix.bits = (uint8_t)bits;
	snprintf(hint, 128, "did you mean '%s'?", prefix_format(&prefix, shown));
	return hint;
}

int value_prefix(struct parser *parser, const struct token *token, struct prefix *prefix)
{
	const char *meant;
	char hint[128];

	if (prefix_parse(token->text.bytes, token->text.len, prefix))
		return 0;
	meant = value_prefix_hint(token->text, hint);
	if (meant != NULL)
		return parser_error(parser, token, meant, "'%.*s' has bits set behind the prefix",
				    value_shown(token), token->text.bytes);
	return parser_error(parser, token, "it looks like 192.168.1.0/24, 10.0.0.7 or fd00::/8",
			    "'%.*s' is not an address or a prefix", value_shown(token),
			    token->text.bytes);
}

int value_time(struct parser *parser, int64_t least_ms, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	struct token token;
	size_t digits = 0;
	uint32_t number;

	if (parser_word(parser, &token, "a time like 25s") < 0)
		return -1;
	while (digits < token.text.len && token.text.bytes[digits] >= '0' &&
	       token.text.bytes[digits] <= '9')
		digits++;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct span unit = {token.text.bytes + digits, token.text.len - digits};

		if (!span_equals(unit, units[i].unit) ||
		    !value_digits((struct span){token.text.bytes, digits}, &number))
			continue;
		*ms = number * units[i].ms;
		if (*ms < least_ms || *ms > VALUE_TIME_MAX_DAYS * units[4].ms)
			return parser_error(parser, &token, NULL,
					    "'%.*s' is out of range: %s to 30d",
					    value_shown(&token), token.text.bytes,
					    least_ms == 0 ? "0s" : "1ms");
		return 0;
	}
	return parser_error(parser, &token, "a number and its unit: 500ms, 25s, 10m, 24h",
			    "'%.*s' is not a time", value_shown(&token), token.text.bytes);
}

int value_number(struct parser *parser, uint32_t least, uint32_t most, uint32_t *number)
{
	struct token token;

	if (parser_word(parser, &token, "a number") < 0)
		return -1;
	if (value_digits(token.text, number) && *number >= least && *number <= most)
		return 0;
	return parser_error(parser, &token, NULL, "'%.*s' is not a number from %u to %u",
			    value_shown(&token), token.text.bytes, least, most);
}

int value_yes(struct parser *parser, bool *yes)
{
	static const char *const words[] = {"no", "yes"};
	int choice;

	if (parser_choice(parser, words, ARRAY_LEN(words), "yes or no", &choice) < 0)
		return -1;
	*yes = choice == 1;
	return 0;
}

static const char *value_name_hint(struct span text)
{
	if (memmem(text.bytes, text.len, "://", 3) != NULL)
		return "only the name, without scheme and path";
	if (memchr(text.bytes, ':', text.len) != NULL)
		return "the port has a word of its own: to NAME port 443";
	if (memchr(text.bytes, '*', text.len) != NULL)
		return "'*.' may stand in front of a whole name only: *.example.org";
	if (memchr(text.bytes, '/', text.len) != NULL)
		return "only the name, without a path";
	return NULL;
}

int value_name(struct parser *parser, const struct token *token, struct host *host, bool *below)
{
	struct span text = token->text;
	const char *problem;

	*host = (struct host){0};
	*below = text.len > 2 && memcmp(text.bytes, "*.", 2) == 0;
	if (*below)
		text = (struct span){text.bytes + 2, text.len - 2};
	if (name_to_host(text.bytes, text.len, host, &problem) && !host->is_literal)
		return 0;
	if (host->is_literal)
		problem = "is an address, not a name";
	return parser_error(parser, token, value_name_hint(token->text), "'%.*s' %s",
			    value_shown(token), token->text.bytes, problem);
}

int value_target(struct parser *parser, struct host *host, uint16_t *port)
{
	struct token token;
	const char *colon, *problem;
	size_t len;

	if (parser_word(parser, &token, "HOST:PORT") < 0)
		return -1;
	colon = memrchr(token.text.bytes, ':', token.text.len);
	len = colon == NULL ? 0 : (size_t)(colon - token.text.bytes);
	if (colon == NULL || !port_parse(colon + 1, token.text.len - len - 1, port) || *port == 0)
		return parser_error(parser, &token, "it looks like example.org:443",
				    "'%.*s' has no port", value_shown(&token), token.text.bytes);
	if (!name_to_host(token.text.bytes, len, host, &problem))
		return parser_error(
			parser, &token, value_name_hint((struct span){token.text.bytes, len}),
			"'%.*s' %s", (int)(len < VALUE_SHOWN_MAX ? len : VALUE_SHOWN_MAX),
			token.text.bytes, problem);
	return 0;
}

int value_ports(struct parser *parser, uint16_t *low, uint16_t *high)
{
	struct token token;
	const char *dash;
	size_t len;

	if (parser_word(parser, &token, "a port") < 0)
		return -1;
	dash = memchr(token.text.bytes, '-', token.text.len);
	len = dash == NULL ? token.text.len : (size_t)(dash - token.text.bytes);
	if (!port_parse(token.text.bytes, len, low) || *low == 0)
		goto fail;
	*high = *low;
	if (dash != NULL && !port_parse(dash + 1, token.text.len - len - 1, high))
		goto fail;
	if (*high < *low)
		return parser_error(parser, &token, "the lower port comes first",
				    "'%.*s' is an empty range", value_shown(&token),
				    token.text.bytes);
	return 0;
fail:
	return parser_error(parser, &token, "ports are 1 to 65535: 443, or 8000-9000",
			    "'%.*s' is not a port", value_shown(&token), token.text.bytes);
}

int value_text(struct parser *parser, const char *what, const char **text)
{
	struct token token;

	if (parser_word(parser, &token, what) < 0)
		return -1;
	if (token.text.len == 0)
		return parser_error(parser, &token, NULL, "expected %s, not nothing", what);
	*text = arena_copy(parser->arena, token.text.bytes, token.text.len);
	return *text == NULL ? parser_no_memory(parser) : 0;
}
