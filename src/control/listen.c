/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Unix socket that the control API is reached by. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "control/server.h"

enum {
	CONTROL_MODE = 0660,
	CONTROL_BACKLOG = 64,
};

/* Whatever stands at the path and is no socket was put there by somebody who meant something. */
static int socket_remove_stale(const struct sockaddr_un *address)
{
	struct stat status;
	int fd;
	int error;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(status.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
	fd_close(fd);
	if (error == ECONNREFUSED)
		return unlink(address->sun_path) < 0 && errno != ENOENT ? -1 : 0;
	/* EAGAIN is a full queue: somebody lives there. */
	errno = error == 0 || error == EAGAIN ? EADDRINUSE : error;
	return -1;
}

int control_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (socket_remove_stale(&address) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* Linux gives the file the mode of the unbound socket less the umask: it is never wider
	 * than this, not even for a moment. The chmod then undoes the umask. */
	if (fchmod(fd, CONTROL_MODE) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		goto fail;
	if (chmod(path, CONTROL_MODE) < 0 || listen(fd, CONTROL_BACKLOG) < 0)
		goto fail;
	return fd;
fail:
	fd_close(fd);
	return -1;
}
