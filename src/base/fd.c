/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Closing descriptors on error paths. */
#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

void fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

void fd_clear(int *fd)
{
	fd_close(*fd);
	*fd = -1;
}
