/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes that every stream of the benchmark carries, so that each one received can be checked.
 */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The period is prime: bytes moved by a power of two never look right. */
enum { PATTERN_PERIOD = 4093, PATTERN_CHUNK = 256 * 1024 };

struct pattern {
	unsigned char bytes[PATTERN_PERIOD + PATTERN_CHUNK];
};

void pattern_init(struct pattern *pattern);

/* PATTERN_CHUNK bytes of the endless stream, from that position on. All have the top bit set. */
const unsigned char *pattern_at(const struct pattern *pattern, uint64_t position);

/* How many of the bytes are not those of the stream at that position. */
uint64_t pattern_errors(const struct pattern *pattern, uint64_t position, const void *bytes,
			size_t len);

#endif
