/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of users: "NAME:HASH" a line, '#' comments; kept by egressctl passwd. Immutable once
 * loaded. */
#ifndef CONFIG_USERS_H
#define CONFIG_USERS_H

#include <stddef.h>

#include "base/compiler.h"

struct users;

/* NULL: *problem is a sentence that names the file and line (valid until the next call in this
 * thread). */
MUST_CHECK struct users *users_load(const char *path, const char **problem);
void users_free(struct users *users);

/* The hash of a user (len bytes, compared exactly); NULL: there is no such user. */
const char *users_find(const struct users *users, const char *name, size_t len);
size_t users_count(const struct users *users);

/* Adds or replaces one user in the file, atomically (rename), mode 0640 for a new one. -1 + errno.
 */
MUST_CHECK int users_file_set(const char *path, const char *name, const char *hash);

#endif
