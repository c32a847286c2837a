/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A keyed hash for tables whose keys come from the network (SipHash-1-3, Aumasson and Bernstein).
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* A key from the kernel's random source; one a process or table. */
struct hash_key hash_key_random(void);

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t len);

#endif
