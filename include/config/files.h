/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files that a policy is made of: its own, and those it names. Whoever may open them copies
 * them here; whoever goes by the policy reads the copies. A copy is sealed memory behind a
 * descriptor, so what was checked is what is read, however often and in whichever process. One
 * thread.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include <stddef.h>

#include "base/compiler.h"

struct config;
struct config_files;
struct config_report;

/* NULL + errno. */
MUST_CHECK struct config_files *config_files_new(void);
void config_files_free(struct config_files *files);

/* The same copies once more; of NULL, none. NULL + errno. */
MUST_CHECK struct config_files *config_files_dup(const struct config_files *files);

/* Copies the file of that path, once. -1 + errno: EFBIG, EINVAL for what is no file. */
MUST_CHECK int config_files_add(struct config_files *files, const char *path);

/* The copies of all that the config names. -1: problem is a sentence with the line. */
MUST_CHECK int config_files_add_named(struct config_files *files, const struct config *config,
				      char problem[512]);

/* A copy that another process has made; takes fd, also when it fails. -1 + errno. */
MUST_CHECK int config_files_take(struct config_files *files, const char *path, size_t path_len,
				 int fd);

/* The bytes, malloc()ed, with a NUL behind. NULL + errno: ENOENT when there is no copy. */
MUST_CHECK char *config_files_read(const struct config_files *files, const char *path, size_t *len);

/* What there is, in the order it came. The descriptor is borrowed. */
size_t config_files_count(const struct config_files *files);
const char *config_files_path(const struct config_files *files, size_t index);
int config_files_descriptor(const struct config_files *files, size_t index);

/* The policy out of the copy of its file: config_load without a look at the disk. */
MUST_CHECK struct config *config_files_load(const struct config_files *files, const char *path,
					    struct config_report *report);

#endif
