/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of users: "NAME:HASH" a line, '#' comments; kept by egressctl passwd. Immutable once
 * loaded. */
#ifndef CONFIG_USERS_H
#define CONFIG_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct users;

enum {
	USERS_NAME_MAX_LEN = 255, /* RFC 1929 2 */
	USERS_FILE_MAX = 1 << 20,
};

/* What stands in the file of that path. Pure. NULL: *problem is a sentence that names the file and
 * line (valid until the next call in this thread). */
MUST_CHECK struct users *users_parse(const char *path, const char *text, size_t len,
				     const char **problem);
void users_free(struct users *users);

/* The hash of a user (len bytes, compared exactly); NULL: there is no such user. */
const char *users_find(const struct users *users, const char *name, size_t len);
size_t users_count(const struct users *users);

/* 1-255 bytes of printable ASCII without blanks and ':', not beginning with '#'. */
bool users_name_is_valid(const char *name, size_t len);

/*
 * Adds or replaces one user in the file, atomically (rename); every other line stays as it is.
 * Mode 0600 for a new file, else mode and owner are kept. A symbolic link is followed. -1 + errno:
 * EINVAL for a name, hash or file that is not valid, EBUSY when the file is a mount of its own.
 */
MUST_CHECK int users_file_set(const char *path, const char *name, const char *hash);

#endif
