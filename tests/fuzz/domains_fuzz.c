/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of names, the last one asked for: the table must say what comparing with each one says. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "policy/domains.h"

enum {
	PATTERNS_MAX = 256,
};

struct pattern {
	struct host host;
	bool below;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span next_line(struct span *rest)
{
	const char *end = memchr(rest->bytes, '\n', rest->len);
	struct span line = {rest->bytes, end == NULL ? rest->len : (size_t)(end - rest->bytes)};
	size_t taken = line.len + (end != NULL);

	rest->bytes += taken;
	rest->len -= taken;
	return line;
}

static bool matches(const struct pattern *pattern, const struct host *host)
{
	size_t len = pattern->host.name_len;
	const char *tail = host->name + host->name_len - len;

	if (host->name_len < len || memcmp(tail, pattern->host.name, len) != 0)
		return false;
	return host->name_len == len || (pattern->below && tail[-1] == '.');
}

static void compare(const struct domains *domains, const struct pattern *patterns, size_t count,
		    const struct host *host)
{
	bool expected = false;

	for (size_t i = 0; i < count; i++)
		expected = expected || matches(&patterns[i], host);
	if (domains_contain(domains, host->name, host->name_len) != expected)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pattern patterns[PATTERNS_MAX];
	struct hash_key key = {1, size};
	struct domains *domains = domains_new(&key);
	struct span rest = {(const char *)data, size};
	size_t count = 0;
	struct host host;

	while (rest.len > 0 && count < PATTERNS_MAX) {
		struct span line = next_line(&rest);
		struct pattern *pattern = &patterns[count];

		pattern->below = line.len > 2 && memcmp(line.bytes, "*.", 2) == 0;
		if (pattern->below)
			line = (struct span){line.bytes + 2, line.len - 2};
		if (!host_parse(line.bytes, line.len, &host) || host.is_literal)
			continue;
		compare(domains, patterns, count, &host);
		pattern->host = host;
		count++;
		if (domains_add(domains, host.name, host.name_len, pattern->below) < 0)
			abort();
	}
	for (size_t i = 0; i < count; i++)
		compare(domains, patterns, count, &patterns[i].host);
	domains_free(domains);
	return 0;
}
