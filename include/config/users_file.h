/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: the file of users as bytes. */
#ifndef CONFIG_USERS_FILE_H
#define CONFIG_USERS_FILE_H

#include <stddef.h>

#include "base/compiler.h"

struct stat;

enum {
	USERS_FILE_MAX = 1 << 20,
};

/* The whole of a regular file of at most USERS_FILE_MAX bytes, malloc()ed. -1 + errno. */
MUST_CHECK int users_file_read(const char *path, char **text, size_t *len, struct stat *status);

#endif
