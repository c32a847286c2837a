/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors: closing them without losing errno, reading all that one gives. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>

#include "base/compiler.h"

/* Closes fd unless it is negative; errno stays what it was. */
void fd_close(int fd);

/* Closes *fd and sets it to -1. */
void fd_clear(int *fd);

/* Everything from here to the end, malloc()ed, with a NUL behind it that *len does not count. NULL
 * + errno: EFBIG when it is more than limit. */
MUST_CHECK char *fd_read_all(int fd, size_t limit, size_t *len);

/* All of it, however many writes that takes. -1 + errno. */
MUST_CHECK int fd_write_all(int fd, const char *bytes, size_t len);

#endif
