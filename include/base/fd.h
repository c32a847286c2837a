/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors: closing them without losing errno. */
#ifndef BASE_FD_H
#define BASE_FD_H

/* Closes fd unless it is negative; errno stays what it was. */
void fd_close(int fd);

/* Closes *fd and sets it to -1. */
void fd_clear(int *fd);

#endif
