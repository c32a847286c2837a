/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of a policy's files: what was checked is what is read. */
#include "config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/report.h"

static char path[64];

static int setup(void **state)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/egressd-files-XXXXXX");
	fd = mkstemp(path);
	*state = config_files_new();
	if (fd < 0 || write(fd, "before", 6) != 6)
		return -1;
	close(fd);
	return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	config_files_free(*state);
	unlink(path);
	return 0;
}

static void expect(const struct config_files *files, const char *expected)
{
	size_t len = 0;
	char *text = config_files_read(files, path, &len);

	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
	free(text);
}

static void a_file_that_changes_after_the_check_is_read_as_it_was(void **state)
{
	struct config_files *files = *state;
	FILE *file;

	assert_int_equal(config_files_add(files, path), 0);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("after it was checked", file);
	fclose(file);
	expect(files, "before");
	/* And once more: the first reader has moved the offset. */
	expect(files, "before");
	assert_int_equal(config_files_add(files, path), 0);
	assert_int_equal(config_files_count(files), 1);
}

static void nobody_can_write_to_a_copy(void **state)
{
	struct config_files *files = *state;
	int fd;

	assert_int_equal(config_files_add(files, path), 0);
	fd = config_files_descriptor(files, 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	expect(files, "before");
}

static void a_copy_handed_over_is_read_by_its_path(void **state)
{
	struct config_files *files = *state, *taken = config_files_new();

	assert_int_equal(config_files_add(files, path), 0);
	assert_int_equal(config_files_take(taken, path, strlen(path),
					   dup(config_files_descriptor(files, 0))),
			 0);
	expect(taken, "before");
	assert_string_equal(config_files_path(taken, 0), path);
	config_files_free(taken);
}

static void what_was_not_handed_over_is_not_read_from_the_disk(void **state)
{
	size_t len;

	assert_null(config_files_read(*state, path, &len));
	assert_int_equal(errno, ENOENT);
}

/* The line of the policy that names the file, and why it cannot be had. */
static void a_named_file_that_is_no_file_is_told_with_its_line(void **state)
{
	static const struct {
		const char *file, *problem;
	} cases[] = {
		{"/nonexistent/users", "policy:2: /nonexistent/users cannot be read: No such file "
				       "or directory"},
		{"/tmp", "policy:2: /tmp cannot be read: Is a directory"},
		{"/dev/zero", "policy:2: /dev/zero cannot be read: Invalid argument"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config_report *report = config_report_new();
		char text[256], problem[512] = "";
		struct config *config;
		int len = snprintf(text, sizeof(text),
				   "client bert user bert\nlisten mixed 127.0.0.1:1 auth %s\n"
				   "egress out direct\nout from bert\n",
				   cases[i].file);

		config = config_parse("policy", text, (size_t)len, report);
		assert_non_null(config);
		assert_int_equal(config_files_add_named(*state, config, problem), -1);
		assert_string_equal(problem, cases[i].problem);
		config_unref(config);
		config_report_free(report);
	}
}

#define FILES_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILES_TEST(a_file_that_changes_after_the_check_is_read_as_it_was),
		FILES_TEST(nobody_can_write_to_a_copy),
		FILES_TEST(a_copy_handed_over_is_read_by_its_path),
		FILES_TEST(what_was_not_handed_over_is_not_read_from_the_disk),
		FILES_TEST(a_named_file_that_is_no_file_is_told_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
