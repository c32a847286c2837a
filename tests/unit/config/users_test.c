/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of the file of users. */
#include "config/users.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HASH                                                                                       \
	"$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE"
#define OTHER                                                                                      \
	"$scrypt$ln=11,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE"
#define BYTES(literal) literal, sizeof(literal) - 1

static void users_files_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *problem; /* NULL: fine */
		size_t count;
	} cases[] = {
		{BYTES(""), NULL, 0},
		{BYTES("# nobody yet\n\n"), NULL, 0},
		{BYTES("tv:" HASH "\n"), NULL, 1},
		{BYTES("tv:" HASH), NULL, 1},
		{BYTES("tv:" HASH "\r\n# x\r\nradarr:" HASH "  \r\n"), NULL, 2},
		{BYTES("b:" HASH "\na:" HASH "\nab:" HASH "\n"), NULL, 3},
		{BYTES("tv\n"), "u:1: no colon", 0},
		{BYTES("\n\ntv:\n"), "u:3: what follows", 0},
		{BYTES("tv:secret\n"), "u:1: what follows", 0},
		{BYTES(":" HASH "\n"), "u:1: a user's name", 0},
		{BYTES(" tv:" HASH "\n"), "u:1: a user's name", 0},
		{BYTES("t v:" HASH "\n"), "u:1: a user's name", 0},
		{BYTES("t\xc3\xa9:" HASH "\n"), "u:1: a user's name", 0},
		{BYTES("tv\0x:" HASH "\n"), "u:1: a zero byte", 0},
		{BYTES("tv:" HASH "\0\n"), "u:1: a zero byte", 0},
		{BYTES("tv:" HASH "\na:" HASH "\ntv:" OTHER "\n"), "u:3: this user", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *problem;
		struct users *users = users_parse("u", cases[i].text, cases[i].len, &problem);

		if (!!users != !cases[i].problem)
			fail_msg("case %zu: %s", i, users ? "taken" : problem);
		if (users)
			assert_int_equal(users_count(users), cases[i].count);
		else if (strncmp(problem, cases[i].problem, strlen(cases[i].problem)) != 0)
			fail_msg("case %zu: %s", i, problem);
		users_free(users);
	}
}

static void users_are_found_by_every_byte_of_their_name(void **state)
{
	static const char text[] = "tv:" HASH "\ntvs:" OTHER "\n";
	const char *problem;
	struct users *users = users_parse("u", text, sizeof(text) - 1, &problem);

	(void)state;
	assert_non_null(users);
	assert_string_equal(users_find(users, "tv", 2), HASH);
	assert_string_equal(users_find(users, "tvs", 3), OTHER);
	assert_null(users_find(users, "tv\0s", 4));
	assert_null(users_find(users, "TV", 2));
	assert_null(users_find(users, "t", 1));
	assert_null(users_find(users, "", 0));
	users_free(users);
}

static void expect_file(const char *path, const char *expected)
{
	char bytes[1024];
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes) - 1, file);
	fclose(file);
	bytes[len] = '\0';
	assert_string_equal(bytes, expected);
}

static void users_file_set_changes_one_line_only(void **state)
{
	char folder[] = "/tmp/users_test.XXXXXX";
	char path[64], link_path[64];
	struct stat status;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/users", folder);
	snprintf(link_path, sizeof(link_path), "%s/link", folder);
	assert_int_equal(users_file_set(path, "tv", HASH), 0);
	expect_file(path, "tv:" HASH "\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(users_file_set(path, "t", HASH), 0);
	assert_int_equal(users_file_set(path, "tv", OTHER), 0);
	expect_file(path, "tv:" OTHER "\nt:" HASH "\n");

	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(symlink("users", link_path), 0);
	assert_int_equal(users_file_set(link_path, "x", HASH), 0);
	expect_file(path, "tv:" OTHER "\nt:" HASH "\nx:" HASH "\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);

	assert_int_equal(users_file_set(path, "a:b", HASH), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(users_file_set(path, "a", "secret"), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0); /* nothing temporary was left */
}

static void users_file_set_leaves_a_broken_file_alone(void **state)
{
	char path[] = "/tmp/users_test.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "oops\n", 5), 5);
	close(fd);
	assert_int_equal(users_file_set(path, "tv", HASH), -1);
	assert_int_equal(errno, EINVAL);
	expect_file(path, "oops\n");
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_files_are_read_strictly),
		cmocka_unit_test(users_are_found_by_every_byte_of_their_name),
		cmocka_unit_test(users_file_set_changes_one_line_only),
		cmocka_unit_test(users_file_set_leaves_a_broken_file_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
