/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules that name every device: none without all of them, and none that are out of date. */
#include "../../../src/warden/plan.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "config/files.h"
#include "warden/reading.h"

enum {
	DEVICES_MOST = 300,
	UID = 1900,
};

/* What the library is told instead of the C library's answer; -1: it cannot be told. */
static int devices;

struct if_nameindex *if_nameindex(void)
{
	struct if_nameindex *list = devices < 0 ? NULL : calloc(DEVICES_MOST + 1, sizeof(*list));

	for (int i = 0; i < devices; i++) {
		list[i].if_index = (unsigned)i + 1;
		if (asprintf(&list[i].if_name, "eth%d", i) < 0)
			abort();
	}
	return list;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) of the C library's header */
void if_freenameindex(struct if_nameindex *list)
{
	for (size_t i = 0; list[i].if_name != NULL; i++)
		free(list[i].if_name);
	free(list);
}

#define POLICY                                                                                     \
	"listen mixed 127.0.0.1:8118\nclient local address 127.0.0.0/8\n"                          \
	"egress vpn device tun0\nvpn-endpoint 198.51.100.1:1194\n"                                 \
	"vpn from local\ndefault block\n"

static struct plan *plan_of(const char *text, char **report)
{
	char path[] = "/tmp/egressd-plan-XXXXXX";
	const struct warden_options options = {.config_path = path, .table = "egressd"};
	struct reading_result read = {.files = config_files_new()};
	int fd = mkstemp(path);
	struct plan *plan;

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	reading_do(&read, path);
	plan = plan_new(&options, UID, &read, report);
	reading_clear(&read);
	unlink(path);
	fd_close(fd);
	return plan;
}

static void devices_that_cannot_all_be_named_are_a_refusal_of_strict_rules(void **state)
{
	static const int hidden[] = {DEVICES_MOST, -1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
		char *report;
		struct plan *plan;

		devices = hidden[i];
		assert_null(plan_of(POLICY "firewall strict\n", &report));
		assert_non_null(strstr(report, "network devices"));
		free(report);
		/* Others name none. */
		plan = plan_of(POLICY, &report);
		assert_non_null(plan);
		plan_free(plan);
	}
}

static void a_device_that_could_not_be_taken_in_is_tried_again(void **state)
{
	struct firewall_rules *old, *first;
	const char *problem = NULL;
	struct plan *plan;
	char *report;

	(void)state;
	devices = 2;
	plan = plan_of(POLICY "firewall strict\n", &report);
	assert_non_null(plan);
	first = plan->rules;
	assert_int_equal(plan_renew(plan, "egressd", &old, &problem), 0);
	assert_null(old);
	for (int again = 0; again < 2; again++) {
		devices = DEVICES_MOST;
		assert_int_equal(plan_renew(plan, "egressd", &old, &problem), -1);
		assert_non_null(problem);
		assert_ptr_equal(plan->rules, first);
	}
	devices = 3;
	assert_int_equal(plan_renew(plan, "egressd", &old, &problem), 0);
	assert_ptr_equal(old, first);
	assert_ptr_not_equal(plan->rules, first);
	assert_int_equal(plan->links.count, 3);
	plan_rules_free(old);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_that_cannot_all_be_named_are_a_refusal_of_strict_rules),
		cmocka_unit_test(a_device_that_could_not_be_taken_in_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
