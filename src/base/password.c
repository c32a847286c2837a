/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Salted scrypt hashes of passwords, by OpenSSL. */
#include "base/password.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	SALT_LEN = 16,
	KEY_LEN = 32,
	COST_LOG2 = 15,
	BLOCK_SIZE = 8,
	PARALLEL = 1,
	/* A hash comes from a file, but what it may cost us is ours to say. */
	COST_LOG2_MIN = 10,
	COST_LOG2_MAX = 17,
	BLOCK_SIZE_MAX = 16,
	PARALLEL_MAX = 4,
	ENCODED_MAX = 64, /* base64 of a salt or a key, unpadded */
};

struct scrypt {
	unsigned cost_log2, block_size, parallel;
	unsigned char salt[48];
	size_t salt_len;
	unsigned char key[48];
	size_t key_len;
};

static int scrypt_derive(const struct scrypt *scrypt, const char *password, size_t len,
			 unsigned char key[KEY_LEN])
{
	uint64_t cost = UINT64_C(1) << scrypt->cost_log2;
	/* RFC 7914 6: 128 * r * (N + p) bytes, and a little for OpenSSL itself. */
	uint64_t memory = 128 * (uint64_t)scrypt->block_size * (cost + scrypt->parallel + 2);

	if (EVP_PBE_scrypt(password, len, scrypt->salt, scrypt->salt_len, cost, scrypt->block_size,
			   scrypt->parallel, memory + 65536, key, KEY_LEN) == 1)
		return 0;
	errno = ENOMEM;
	return -1;
}

/* Base64 without padding, as the modular form has it. out has room for 4/3 of len and 4 more. */
static void base64_write(const unsigned char *bytes, size_t len, char *out)
{
	int written = EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);

	while (written > 0 && out[written - 1] == '=')
		written--;
	out[written] = '\0';
}

/* Strict: OpenSSL alone would skip blanks and take padding. */
static bool base64_read(const char *text, size_t len, unsigned char out[48], size_t *out_len)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char padded[ENCODED_MAX + 4];
	size_t padded_len = (len + 3) / 4 * 4;

	if (len == 0 || len > ENCODED_MAX || len % 4 == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!memchr(alphabet, text[i], sizeof(alphabet) - 1))
			return false;
	}
	memset(padded, '=', sizeof(padded));
	memcpy(padded, text, len);
	if (EVP_DecodeBlock(out, (unsigned char *)padded, (int)padded_len) < 0)
		return false;
	*out_len = len * 3 / 4;
	return true;
}

/* "NAME=NUMBER" and then end; numbers are 1-99 without a leading zero. */
static bool parameter_read(const char **at, const char *name, char end, unsigned *value)
{
	size_t len = strlen(name);
	const char *digit = *at + len;

	if (strncmp(*at, name, len) != 0 || *digit < '1' || *digit > '9')
		return false;
	*value = (unsigned)(*digit++ - '0');
	if (*digit >= '0' && *digit <= '9')
		*value = *value * 10 + (unsigned)(*digit++ - '0');
	if (*digit != end)
		return false;
	*at = digit + 1;
	return true;
}

static bool scrypt_read(const char *hash, struct scrypt *scrypt)
{
	static const char prefix[] = "$scrypt$";
	const char *at = hash + sizeof(prefix) - 1;
	const char *end;

	if (strncmp(hash, prefix, sizeof(prefix) - 1) != 0)
		return false;
	if (!parameter_read(&at, "ln=", ',', &scrypt->cost_log2) ||
	    !parameter_read(&at, "r=", ',', &scrypt->block_size) ||
	    !parameter_read(&at, "p=", '$', &scrypt->parallel))
		return false;
	if (scrypt->cost_log2 < COST_LOG2_MIN || scrypt->cost_log2 > COST_LOG2_MAX ||
	    scrypt->block_size > BLOCK_SIZE_MAX || scrypt->parallel > PARALLEL_MAX)
		return false;
	end = strchr(at, '$');
	return end && base64_read(at, (size_t)(end - at), scrypt->salt, &scrypt->salt_len) &&
	       base64_read(end + 1, strlen(end + 1), scrypt->key, &scrypt->key_len) &&
	       scrypt->salt_len >= 8 && scrypt->key_len == KEY_LEN;
}

int password_hash(const char *password, size_t len, char hash[PASSWORD_HASH_SIZE])
{
	struct scrypt scrypt = {.cost_log2 = COST_LOG2,
				.block_size = BLOCK_SIZE,
				.parallel = PARALLEL,
				.salt_len = SALT_LEN};
	unsigned char key[KEY_LEN];
	char salt_text[28];
	char key_text[48];

	if (RAND_bytes(scrypt.salt, SALT_LEN) != 1) {
		errno = EIO;
		return -1;
	}
	if (scrypt_derive(&scrypt, password, len, key) < 0)
		return -1;
	base64_write(scrypt.salt, SALT_LEN, salt_text);
	base64_write(key, KEY_LEN, key_text);
	snprintf(hash, PASSWORD_HASH_SIZE, "$scrypt$ln=%u,r=%u,p=%u$%s$%s", scrypt.cost_log2,
		 scrypt.block_size, scrypt.parallel, salt_text, key_text);
	return 0;
}

bool password_matches(const char *password, size_t len, const char *hash)
{
	struct scrypt scrypt;
	unsigned char key[KEY_LEN];

	return scrypt_read(hash, &scrypt) && scrypt_derive(&scrypt, password, len, key) == 0 &&
	       CRYPTO_memcmp(key, scrypt.key, KEY_LEN) == 0;
}

bool password_hash_is_valid(const char *hash)
{
	struct scrypt scrypt;

	return scrypt_read(hash, &scrypt);
}
