/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts, addresses and prefixes: what was parsed prints as text that parses to the same, and no
 * name is an address to the C library.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "base/prefix.h"
#include "base/special.h"

static void check_host(const char *text, size_t len)
{
	struct host host, again;
	struct in_addr loose;

	if (!host_parse(text, len, &host))
		return;
	assert(host.name_len >= 1 && host.name_len <= HOST_NAME_MAX_LEN);
	assert(strlen(host.name) == host.name_len);
	assert(host_parse(host.name, host.name_len, &again));
	assert(again.is_literal == host.is_literal && strcmp(again.name, host.name) == 0);
	assert(again.address.family == host.address.family);
	assert(host.is_literal || inet_aton(host.name, &loose) == 0);
	(void)host_is_local_name(&host);
}

static void check_address(const char *text, size_t len)
{
	struct address address, again;
	char printed[ADDRESS_TEXT_SIZE];

	if (address_parse(text, len, &address)) {
		address_format(&address, printed);
		assert(address_parse(printed, strlen(printed), &again));
		assert(address_equals(&address, &again));
		assert(address_class_name(address_class(&address)) != NULL);
	}
	if (address_parse_endpoint(text, len, &address)) {
		address_format_endpoint(&address, printed);
		assert(address_parse_endpoint(printed, strlen(printed), &again));
		assert(address_equals_endpoint(&address, &again));
	}
}

static void check_prefix(const char *text, size_t len)
{
	struct prefix prefix, again;
	char printed[PREFIX_TEXT_SIZE];

	if (!prefix_parse(text, len, &prefix))
		return;
	assert(prefix_contains(&prefix, &prefix.address));
	prefix_format(&prefix, printed);
	assert(prefix_parse(printed, strlen(printed), &again));
	assert(again.bits == prefix.bits && address_equals(&again.address, &prefix.address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size == 0 ? 1 : size);

	memcpy(text, data, size);
	check_host(text, size);
	check_address(text, size);
	check_prefix(text, size);
	free(text);
	return 0;
}
