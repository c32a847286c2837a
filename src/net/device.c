/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SO_BINDTODEVICE, which needs no privilege since Linux 5.7 as long as the socket is not bound yet.
 */
#include "device.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

int device_bind(int fd, const char *device)
{
	if (device == NULL)
		return 0;
	/* An empty name would unbind: the one value that must never get through. */
	if (device[0] == '\0') {
		errno = ENODEV;
		return -1;
	}
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device));
}

/* Asks with the very call whose failure is to be explained, so a sandbox needs to allow no other.
 */
bool device_is_gone(const char *device)
{
	int fd;
	bool gone;

	if (device == NULL)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	gone = device_bind(fd, device) < 0 && errno == ENODEV;
	fd_close(fd);
	return gone;
}
