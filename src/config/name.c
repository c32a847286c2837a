/* SPDX-License-Identifier: GPL-3.0-or-later */
/* International names in their ASCII form. */
#include "config/name.h"

#include <idn2.h>
#include <string.h>

static bool name_is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

bool name_to_host(const char *text, size_t len, struct host *host, const char **problem)
{
	char name[HOST_TEXT_SIZE * 4];
	uint8_t *ascii = NULL;
	bool parsed;

	*problem = "is not a name";
	if (name_is_ascii(text, len))
		return host_parse(text, len, host);
	/* A C string is what the library takes. */
	if (len >= sizeof(name) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	if (idn2_lookup_u8((const uint8_t *)name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) !=
	    IDN2_OK) {
		*problem = "is not a name that can be written in ASCII (IDNA)";
		return false;
	}
	parsed = host_parse((const char *)ascii, strlen((const char *)ascii), host);
	idn2_free(ascii);
	return parsed;
}
