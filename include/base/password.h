/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Salted scrypt hashes of passwords (RFC 7914), in the modular form
 * "$scrypt$ln=15,r=8,p=1$SALT$HASH" (base64). */
#ifndef BASE_PASSWORD_H
#define BASE_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

enum {
	PASSWORD_HASH_SIZE = 128,
};

/* About 50 ms and 32 MiB: never on an event loop. -1 + errno. */
MUST_CHECK int password_hash(const char *password, size_t len, char hash[PASSWORD_HASH_SIZE]);

/* The same cost. Constant time in the comparison. A hash that cannot be read never matches. */
bool password_matches(const char *password, size_t len, const char *hash);

/* Is it a hash of the form above, with parameters within bounds? */
bool password_hash_is_valid(const char *hash);

#endif
