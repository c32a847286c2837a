/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SipHash-1-3: flooding a table needs the key. */
#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

struct hash_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t hash_rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void hash_round(struct hash_state *s)
{
	s->v0 += s->v1;
	s->v1 = hash_rotate(s->v1, 13) ^ s->v0;
	s->v0 = hash_rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = hash_rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = hash_rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = hash_rotate(s->v1, 17) ^ s->v2;
	s->v2 = hash_rotate(s->v2, 32);
}

static inline void hash_word(struct hash_state *s, uint64_t word)
{
	s->v3 ^= word;
	hash_round(s);
	s->v0 ^= word;
}

struct hash_key hash_key_random(void)
{
	struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

	/* Up to 256 bytes never come back short once the pool is ready (getrandom(2)). */
	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		key.k0 ^= (uint64_t)(uintptr_t)&key;
	return key;
}

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t len)
{
	struct hash_state s = {key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
			       key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573};
	const unsigned char *in = bytes;
	uint64_t last = (uint64_t)len << 56;
	uint64_t word;

	for (; len >= 8; in += 8, len -= 8) {
		memcpy(&word, in, 8);
		hash_word(&s, word);
	}
	for (size_t i = 0; i < len; i++)
		last |= (uint64_t)in[i] << (8 * i);
	hash_word(&s, last);
	s.v2 ^= 0xff;
	hash_round(&s);
	hash_round(&s);
	hash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
