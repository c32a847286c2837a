/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.xml: a key of letters and digits that stands there, or a problem. */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apps/config_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size == 0 ? 1 : size);
	const char *problem = NULL;
	char key[33];

	memcpy(text, data, size);
	if (config_xml_key(text, size, key, sizeof(key), &problem) != 0) {
		assert(problem != NULL);
	} else {
		assert(problem == NULL && strnlen(key, sizeof(key)) < sizeof(key) && key[0]);
		assert(memmem(text, size, key, strlen(key)) != NULL);
		for (const char *c = key; *c; c++)
			assert(isalnum((unsigned char)*c));
	}
	free(text);
	return 0;
}
