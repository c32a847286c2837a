/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Canonical host names. */
#include "base/host.h"

#include <stdio.h>
#include <string.h>

static bool host_byte_allowed(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
	       byte == '_';
}

static bool host_copy_name(const char *text, size_t len, struct host *host)
{
	size_t label_len = 0;

	for (size_t i = 0; i < len; i++) {
		char byte = text[i];

		if (byte >= 'A' && byte <= 'Z')
			byte = (char)(byte - 'A' + 'a');
		if (byte == '.') {
			if (label_len == 0)
				return false;
			label_len = 0;
		} else if (!host_byte_allowed(byte) || ++label_len > 63) {
			return false;
		}
		host->name[i] = byte;
	}
	host->name[len] = '\0';
	host->name_len = (uint8_t)len;
	return label_len > 0;
}

/* The rule browsers use (WHATWG URL, "ends in a number"): such a name is an address to some C
 * library. */
static bool host_ends_in_number(const struct host *host)
{
	const char *dot = memrchr(host->name, '.', host->name_len);
	const char *label = dot == NULL ? host->name : dot + 1;
	size_t digits = strspn(label, "0123456789");

	if (label[digits] == '\0')
		return true;
	if (label[0] != '0' || label[1] != 'x')
		return false;
	return label[2 + strspn(label + 2, "0123456789abcdef")] == '\0';
}

static void host_set_address(struct host *host, const struct address *address)
{
	host->is_literal = true;
	host->address = *address;
	host->address.port = 0;
	address_format(address, host->name);
	host->name_len = (uint8_t)strlen(host->name);
}

bool host_parse(const char *text, size_t len, struct host *host)
{
	struct address address;
	bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';

	/* What is behind the name's end is never looked at. */
	host->is_literal = false;
	host->name_len = 0;
	host->name[0] = '\0';
	host->address = (struct address){0};
	if (bracketed) {
		text++;
		len -= 2;
		if (memchr(text, ':', len) == NULL)
			return false;
	}
	if (address_parse(text, len, &address)) {
		host_set_address(host, &address);
		return true;
	}
	if (bracketed)
		return false;
	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len > HOST_NAME_MAX_LEN)
		return false;
	return host_copy_name(text, len, host) && !host_ends_in_number(host);
}

struct host host_from_address(const struct address *address)
{
	struct host host = {0};

	host_set_address(&host, address);
	return host;
}

bool host_is_local_name(const struct host *host)
{
	static const char *const endings[] = {
		"local", "localhost", "localdomain", "lan",           "home",         "internal",
		"corp",  "private",   "intranet",    "workgroup",     "invalid",      "test",
		"onion", "alt",       "home.arpa",   "resolver.arpa", "service.arpa",
	};

	if (host->is_literal)
		return false;
	if (memchr(host->name, '.', host->name_len) == NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t len = strlen(endings[i]);

		if (host->name_len == len && memcmp(host->name, endings[i], len) == 0)
			return true;
		if (host->name_len > len && host->name[host->name_len - len - 1] == '.' &&
		    memcmp(host->name + host->name_len - len, endings[i], len) == 0)
			return true;
	}
	return false;
}

const char *host_format_endpoint(const struct host *host, uint16_t port,
				 char out[HOST_TEXT_SIZE + 8])
{
	bool brackets = host->is_literal && host->address.family == AF_INET6;

	snprintf(out, HOST_TEXT_SIZE + 8, brackets ? "[%.253s]:%u" : "%.253s:%u", host->name,
		 (unsigned)port);
	return out;
}
