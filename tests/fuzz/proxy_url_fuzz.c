/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upstream URLs: a problem or a proxy, never both, and every string whole. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/proxy_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *url = malloc(size == 0 ? 1 : size);
	struct proxy_url parsed;
	const char *problem = NULL;

	memcpy(url, data, size);
	if (proxy_url_parse(url, size, &parsed, &problem) != 0) {
		assert(problem != NULL);
	} else {
		assert(problem == NULL && parsed.port > 0 && parsed.host.name_len > 0);
		assert(strnlen(parsed.user, 256) <= 255 && strnlen(parsed.password, 256) <= 255);
		assert(parsed.password[0] == '\0' || parsed.user[0] != '\0');
		assert(memchr(url, '\0', size) == NULL);
	}
	free(url);
	return 0;
}
