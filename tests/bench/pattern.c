/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes that every stream of the benchmark carries. */
#include <string.h>

#include "pattern.h"

void pattern_init(struct pattern *pattern)
{
	uint32_t state = 2463534242U;

	for (size_t i = 0; i < PATTERN_PERIOD; i++) {
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		pattern->bytes[i] = (unsigned char)(0x80 | (state >> 9));
	}
	for (size_t i = PATTERN_PERIOD; i < sizeof(pattern->bytes); i++)
		pattern->bytes[i] = pattern->bytes[i - PATTERN_PERIOD];
}

const unsigned char *pattern_at(const struct pattern *pattern, uint64_t position)
{
	return pattern->bytes + position % PATTERN_PERIOD;
}

uint64_t pattern_errors(const struct pattern *pattern, uint64_t position, const void *bytes,
			size_t len)
{
	const unsigned char *wanted = pattern_at(pattern, position);
	const unsigned char *found = bytes;
	uint64_t errors = 0;

	if (memcmp(wanted, found, len) == 0)
		return 0;
	for (size_t i = 0; i < len; i++)
		errors += wanted[i] != found[i];
	return errors;
}
