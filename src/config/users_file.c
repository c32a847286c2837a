/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing one user in the file of users, so that a reader sees the old file or the new one. */
#include "config/users.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/password.h"

/* The whole of a regular file, malloc()ed. -1 + errno. */
static int users_file_read(const char *path, char **text, size_t *len, struct stat *status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*text = NULL;
	if (fd < 0)
		return -1;
	if (fstat(fd, status) == 0) {
		errno = EINVAL;
		if (S_ISREG(status->st_mode))
			*text = fd_read_all(fd, USERS_FILE_MAX, len);
	}
	fd_close(fd);
	return *text == NULL ? -1 : 0;
}

/* Is this line (without its end) the one of that user? */
static bool line_is_of(const char *line, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	return len > name_len && memcmp(line, name, name_len) == 0 && line[name_len] == ':';
}

/* Copies the file line by line with the user's own replaced, or added at the end. */
static void users_write(FILE *out, const char *text, size_t len, const char *name, const char *hash)
{
	const char *end = text + len;
	bool replaced = false;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((newline ? newline : end) - text);

		if (line_is_of(text, line_len, name)) {
			fprintf(out, "%s:%s\n", name, hash);
			replaced = true;
		} else {
			fwrite(text, 1, line_len, out);
			fputc('\n', out);
		}
		text += line_len + 1;
	}
	if (!replaced)
		fprintf(out, "%s:%s\n", name, hash);
}

/* Takes fd. On the disk when it returns 0: the rename must never be seen before the bytes. */
static int users_write_fd(int fd, const char *text, size_t len, const char *name, const char *hash)
{
	FILE *out = fdopen(fd, "w");

	if (!out) {
		fd_close(fd);
		return -1;
	}
	users_write(out, text, len, name, hash);
	if (fflush(out) == 0 && fsync(fd) == 0)
		return fclose(out);
	fclose(out);
	return -1;
}

static int users_replace(const char *path, const struct stat *old, const char *text, size_t len,
			 const char *name, const char *hash)
{
	char fresh[PATH_MAX];
	int fd;

	if (snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path) >= (int)sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return -1;
	if ((old && fchown(fd, old->st_uid, old->st_gid) < 0) ||
	    fchmod(fd, old ? old->st_mode & 07777 : 0600) < 0) {
		fd_close(fd);
		goto fail;
	}
	if (users_write_fd(fd, text, len, name, hash) < 0 || rename(fresh, path) < 0)
		goto fail;
	return 0;
fail:;
	int saved = errno;

	unlink(fresh);
	errno = saved;
	return -1;
}

static int users_file_change(const char *path, const char *name, const char *hash)
{
	struct stat old;
	struct users *users;
	const char *problem;
	char *text;
	size_t len;
	int result;

	if (users_file_read(path, &text, &len, &old) < 0)
		return errno == ENOENT ? users_replace(path, NULL, "", 0, name, hash) : -1;
	users = users_parse(path, text, len, &problem);
	if (users) {
		result = users_replace(path, &old, text, len, name, hash);
	} else {
		errno = EINVAL;
		result = -1;
	}
	users_free(users);
	free(text);
	return result;
}

int users_file_set(const char *path, const char *name, const char *hash)
{
	char real[PATH_MAX];

	if (!users_name_is_valid(name, strlen(name)) || !password_hash_is_valid(hash)) {
		errno = EINVAL;
		return -1;
	}
	if (realpath(path, real))
		path = real;
	return users_file_change(path, name, hash);
}
