/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every broken file in broken/ gets exactly the message beside it. EGRESSD_GOLDEN=write keeps the
 * messages of today: look at the difference before you commit it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/report.h"

static const char folder[] = "tests/unit/config/broken";

static char *read_all(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 65536);

	if (file == NULL)
		fail_msg("%s cannot be read", path);
	*len = fread(text, 1, 65535, file);
	fclose(file);
	return text;
}

static char *complaint_about(const char *path, const char *name)
{
	struct config_report *report = config_report_new();
	struct config *config;
	size_t len;
	char *text = read_all(path, &len), *complaint;

	config = config_parse(name, text, len, report);
	if (config != NULL)
		fail_msg("%s was taken", path);
	assert_true(config_report_count(report, PROBLEM_ERROR) > 0);
	complaint = config_report_text(report, name);
	config_report_free(report);
	free(text);
	return complaint;
}

static void compare(const char *name, bool write)
{
	char path[512], expected_path[512];
	char *complaint, *expected;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(expected_path, sizeof(expected_path), "%s/%.*s.expected", folder,
		 (int)(strlen(name) - strlen(".conf")), name);
	complaint = complaint_about(path, name);
	if (write) {
		FILE *file = fopen(expected_path, "we");

		assert_non_null(file);
		fputs(complaint, file);
		fclose(file);
	}
	expected = read_all(expected_path, &len);
	if (strcmp(expected, complaint) != 0)
		fail_msg("%s\nexpected:\n%s\nbut it says:\n%s", path, expected, complaint);
	free(expected);
	free(complaint);
}

static void every_broken_file_is_told_what_is_wrong_and_where(void **state)
{
	const char *golden = getenv("EGRESSD_GOLDEN");
	bool write = golden != NULL && strcmp(golden, "write") == 0;
	DIR *directory = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		const char *ending = strrchr(entry->d_name, '.');

		if (ending == NULL || strcmp(ending, ".conf") != 0)
			continue;
		compare(entry->d_name, write);
		count++;
	}
	closedir(directory);
	assert_true(count >= 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_broken_file_is_told_what_is_wrong_and_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
