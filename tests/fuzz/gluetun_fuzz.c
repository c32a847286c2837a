/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as an answer of Gluetun's control server: never a crash, and nothing that could steer a
 * terminal is taken over. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "tunnel/gluetun.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void assert_plain(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	assert(len < size);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes;
	char word[GLUETUN_WORD_SIZE], country[GLUETUN_PLACE_SIZE];
	struct address address;
	uint16_t port;

	if (gluetun_read_word(text, len, "status", word))
		assert_plain(word, sizeof(word));
	if (gluetun_read_word(text, len, "outcome", word))
		assert(word[0] != '\0');
	(void)!gluetun_read_exit(text, len, &address, country);
	assert_plain(country, sizeof(country));
	assert(gluetun_read_port(text, len, &port) || port == 0);
	return 0;
}
