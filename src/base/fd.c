/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Closing descriptors on error paths; whole files in and out. */
#include "base/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FD_READ_SIZE = 64 * 1024,
};

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

char *fd_read_all(int fd, size_t limit, size_t *len)
{
	size_t size = FD_READ_SIZE, used = 0;
	char *bytes = malloc(size);

	while (bytes != NULL) {
		ssize_t got = read(fd, bytes + used, size - used - 1);
		char *grown;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		used += (size_t)got;
		if (used > limit) {
			errno = EFBIG;
			break;
		}
		if (got == 0) {
			bytes[used] = '\0';
			*len = used;
			return bytes;
		}
		if (used + 1 < size)
			continue;
		grown = realloc(bytes, size * 2);
		if (grown == NULL)
			break;
		bytes = grown;
		size *= 2;
	}
	free(bytes);
	return NULL;
}

int fd_write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		bytes += written;
		len -= (size_t)written;
	}
	return 0;
}
