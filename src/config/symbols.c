/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of clients, egresses and sets. */
#include "config/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void symbols_clear(struct symbols *symbols)
{
	free(symbols->items);
	symbols->items = NULL;
	symbols->count = 0;
}

int symbols_find(const struct symbols *symbols, struct span name)
{
	for (size_t i = 0; i < symbols->count; i++) {
		if (span_equals(name, symbols->items[i].name))
			return (int)i;
	}
	return -1;
}

int symbols_add(struct symbols *symbols, const struct token *name)
{
	struct symbol *items;

	if (symbols->count == SYMBOLS_MAX || name->text.len > SYMBOL_NAME_MAX) {
		errno = ENOSPC;
		return -1;
	}
	items = array_more(symbols->items, symbols->count, sizeof(*items));
	if (items == NULL)
		return -1;
	symbols->items = items;
	memcpy(items[symbols->count].name, name->text.bytes, name->text.len);
	items[symbols->count].place = name->place;
	return (int)symbols->count++;
}

void symbols_offer(const struct symbols *symbols, struct suggestion *suggestion)
{
	for (size_t i = 0; i < symbols->count; i++)
		suggestion_offer(suggestion, symbols->items[i].name);
}

static bool symbol_is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool symbol_is_keyword(struct span name)
{
	static const char *const keywords[] = {
		"address",   "any",     "as",         "at",       "auth",         "block",
		"client",    "control", "default",    "device",   "direct",       "egress",
		"every",     "expect",  "firewall",   "forward",  "from",         "gluetun",
		"heal",      "hold",    "ip-literal", "key-file", "limit",        "list",
		"listen",    "log",     "not",        "pool",     "port",         "private",
		"probe",     "proto",   "proxy",      "report",   "resolve",      "resolver",
		"set",       "tcp",     "timeout",    "tls",      "to",           "udp",
		"udp-ports", "url",     "user",       "via",      "vpn-endpoint", "workers",
	};

	/* None has a dot, and a set may hold a million names that have one. */
	if (memchr(name.bytes, '.', name.len) != NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		if (span_equals(name, keywords[i]))
			return true;
	}
	return false;
}

const char *symbol_problem(struct span name)
{
	if (symbol_is_keyword(name))
		return "is a word of the language and cannot be a name";
	if (name.len > SYMBOL_NAME_MAX)
		return "is too long for a name: 32 bytes at most";
	if (name.len == 0 || !symbol_is_letter(name.bytes[0]))
		return "cannot be a name: it has to begin with a letter";
	for (size_t i = 0; i < name.len; i++) {
		char byte = name.bytes[i];

		if (!symbol_is_letter(byte) && !(byte >= '0' && byte <= '9') && byte != '-' &&
		    byte != '_')
			return "cannot be a name: letters, digits, '-' and '_' only";
	}
	return NULL;
}
