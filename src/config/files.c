/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealed copies of the files that a policy is made of. */
#include "config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/background.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/span.h"
#include "config/config.h"
#include "config/environment.h"
#include "config/report.h"

enum {
	FILES_SIZE_MAX = 64 * 1024 * 1024,
	FILES_PIECE_SIZE = 64 * 1024, /* copied at once, between two chances to rest */
};

struct config_file {
	char *path;
	int fd;
};

struct config_files {
	struct config_file *list;
	size_t count;
};

struct config_files *config_files_new(void)
{
	return calloc(1, sizeof(struct config_files));
}

void config_files_free(struct config_files *files)
{
	if (files == NULL)
		return;
	for (size_t i = 0; i < files->count; i++) {
		free(files->list[i].path);
		fd_close(files->list[i].fd);
	}
	free(files->list);
	free(files);
}

static const struct config_file *files_find(const struct config_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->list[i].path, path) == 0)
			return &files->list[i];
	}
	return NULL;
}

int config_files_take(struct config_files *files, const char *path, size_t path_len, int fd)
{
	struct config_file *list = array_more(files->list, files->count, sizeof(*list));
	char *copy = NULL;

	if (list != NULL) {
		files->list = list;
		copy = strndup(path, path_len);
	}
	if (copy == NULL) {
		fd_close(fd);
		return -1;
	}
	files->list[files->count++] = (struct config_file){copy, fd};
	return 0;
}

struct config_files *config_files_dup(const struct config_files *files)
{
	struct config_files *copy = config_files_new();

	if (files == NULL)
		return copy;
	for (size_t i = 0; copy != NULL && i < files->count; i++) {
		const struct config_file *file = &files->list[i];
		int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);

		if (fd >= 0 && config_files_take(copy, file->path, strlen(file->path), fd) == 0)
			continue;
		config_files_free(copy);
		return NULL;
	}
	return copy;
}

/* -1 + errno. */
static int file_copy(int from, int to)
{
	char *piece = malloc(FILES_PIECE_SIZE);
	size_t copied = 0;
	ssize_t got = -1;

	while (piece != NULL) {
		got = read(from, piece, FILES_PIECE_SIZE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		copied += (size_t)got;
		if (copied > FILES_SIZE_MAX)
			errno = EFBIG;
		if (copied > FILES_SIZE_MAX || fd_write_all(to, piece, (size_t)got) < 0) {
			got = -1;
			break;
		}
		background_rest();
	}
	free(piece);
	return got == 0 ? 0 : -1;
}

static int file_copy_path(const char *path, int to)
{
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int copied = from < 0 ? -1 : file_copy(from, to);

	fd_close(from);
	return copied;
}

static int file_copy_environment(int to)
{
	char *text = environment_policy(environ);
	int copied = text == NULL ? -1 : fd_write_all(to, text, strlen(text));

	free(text);
	return copied;
}

/* What nobody can change any more. -1 + errno. */
static int file_sealed_copy(const char *path)
{
	int fd = memfd_create("egressd", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if ((path == environment_name ? file_copy_environment(fd) : file_copy_path(path, fd)) ==
		    0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
		return fd;
	fd_close(fd);
	return -1;
}

int config_files_add(struct config_files *files, const char *path)
{
	int copy;

	if (files_find(files, path) != NULL)
		return 0;
	copy = file_sealed_copy(path);
	return copy < 0 ? -1 : config_files_take(files, path, strlen(path), copy);
}

/* A regular file: a pipe might never end. */
static int files_add_one(struct config_files *files, const char *path, bool secret)
{
	struct stat status;

	if (path == NULL)
		return 0;
	if (stat(path, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	if (secret && (status.st_mode & (S_IROTH | S_IWOTH)) != 0)
		log_warn("%s: everybody may %s this file of secrets: chmod 640 it", path,
			 status.st_mode & S_IWOTH ? "write" : "read");
	return config_files_add(files, path);
}

static int files_fail(const struct config *config, unsigned line, const char *path,
		      char problem[512])
{
	int error = errno;

	snprintf(problem, 512, "%s:%u: %s cannot be read: %s%s", config->path, line, path,
		 strerror(error),
		 error == EACCES && geteuid() == 0
			 ? " (root without the capability DAC_OVERRIDE: let root's group read it)"
			 : "");
	return -1;
}

int config_files_add_named(struct config_files *files, const struct config *config,
			   char problem[512])
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct listen_config *listen = &config->listeners[i];
		const char *const paths[] = {listen->tls_certificate_file, listen->tls_key_file,
					     listen->auth_file};

		for (size_t j = 0; j < ARRAY_LEN(paths); j++) {
			if (files_add_one(files, paths[j], j > 0) < 0)
				return files_fail(config, listen->line, paths[j], problem);
		}
	}
	for (size_t i = 0; i < config->egress_count; i++) {
		const struct egress_config *egress = &config->egresses[i];

		if (files_add_one(files, egress->key_file, true) < 0)
			return files_fail(config, egress->line, egress->key_file, problem);
	}
	if (files_add_one(files, config->heal.key_file, true) < 0)
		return files_fail(config, config->heal.line, config->heal.key_file, problem);
	return 0;
}

/* From its beginning, wherever others who have the descriptor read. */
static char *file_read(int fd, size_t *len)
{
	struct stat status;
	char *bytes;

	if (fstat(fd, &status) < 0)
		return NULL;
	bytes = malloc((size_t)status.st_size + 1);
	*len = 0;
	while (bytes != NULL && *len < (size_t)status.st_size) {
		ssize_t got = pread(fd, bytes + *len, (size_t)status.st_size - *len, (off_t)*len);

		if (got > 0) {
			*len += (size_t)got;
		} else if (got == 0 || errno != EINTR) {
			free(bytes);
			return NULL;
		}
	}
	if (bytes != NULL)
		bytes[*len] = '\0';
	return bytes;
}

char *config_files_read(const struct config_files *files, const char *path, size_t *len)
{
	const struct config_file *file = files_find(files, path);

	if (file == NULL) {
		errno = ENOENT;
		return NULL;
	}
	return file_read(file->fd, len);
}

size_t config_files_count(const struct config_files *files)
{
	return files->count;
}

const char *config_files_path(const struct config_files *files, size_t index)
{
	return files->list[index].path;
}

int config_files_descriptor(const struct config_files *files, size_t index)
{
	return files->list[index].fd;
}

/* A policy may have tens of megabytes, and nobody else needs them twice. -1 + errno. */
static int file_map(int fd, struct span *text)
{
	struct stat status;
	void *bytes;

	*text = span_of("");
	if (fstat(fd, &status) < 0)
		return -1;
	if (status.st_size == 0)
		return 0;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -1;
	*text = (struct span){bytes, (size_t)status.st_size};
	return 0;
}

static void file_unmap(struct span text)
{
	background_discard(text.bytes, text.len);
	if (text.len > 0)
		munmap((void *)(uintptr_t)text.bytes, text.len);
}

struct config *config_files_load(const struct config_files *files, const char *path,
				 struct config_report *report)
{
	const struct config_file *file = files_find(files, path);
	struct config *config = NULL;
	struct span text;

	if (file == NULL)
		errno = ENOENT;
	if (file == NULL || file_map(file->fd, &text) < 0) {
		config_report_add(report, PROBLEM_ERROR, &(struct place){0}, NULL,
				  "cannot be read: %s", strerror(errno));
		return NULL;
	}
	config = config_parse(path, text.bytes, text.len, report);
	file_unmap(text);
	return config;
}
