/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a kernel has is found by trying, leaves nothing behind, and decides what is promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../../lab/old_kernel.c"
#include "base/compiler.h"
#include "firewall/features.h"
#include "firewall/kernel.h"

static void expect_all_but(const struct firewall_features *features, enum firewall_feature missing)
{
	for (enum firewall_feature feature = 0; feature < FEATURE_COUNT; feature++) {
		if (feature != missing && features->states[feature] != FEATURE_PRESENT)
			fail_msg("%s: %s", firewall_feature_words(feature)->name,
				 strerror(features->errors[feature]));
	}
}

static void this_kernel_will_do_and_keeps_nothing_of_the_trial(void **state)
{
	struct firewall_features features;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	firewall_features_try(&features);
	assert_int_equal(firewall_features_lack(&features), FEATURE_COUNT);
	assert_true(firewall_features_tier(&features) != TIER_UNKNOWN);
	assert_int_equal(system("[ -z \"$(nft list ruleset)\" ]"), 0);
}

static const struct {
	const char *lacks;
	enum firewall_feature feature;
	enum firewall_tier tier;
} kernels[] = {
	{"persist", FEATURE_PERSIST, TIER_REDUCED}, {"egress", FEATURE_EGRESS, TIER_REDUCED},
	{"reject", FEATURE_REJECT, TIER_REFUSED},   {"ct_mark", FEATURE_MARK, TIER_REFUSED},
	{"bind", FEATURE_BIND, TIER_REFUSED},
};

static void what_is_missing_is_found_and_nothing_else(void **state)
{
	struct firewall_features features;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	firewall_features_try(&features);
	if (firewall_features_tier(&features) != TIER_FULL)
		skip(); /* an old kernel in truth */
	for (size_t i = 0; i < ARRAY_LEN(kernels); i++) {
		setenv("OLD_KERNEL", kernels[i].lacks, 1);
		firewall_features_try(&features);
		expect_all_but(&features, kernels[i].feature);
		assert_int_equal(features.states[kernels[i].feature], FEATURE_MISSING);
		assert_int_equal(firewall_features_tier(&features), kernels[i].tier);
		assert_string_equal(firewall_feature_words(kernels[i].feature)->name,
				    kernels[i].lacks);
	}
	setenv("OLD_KERNEL", "owner", 1);
	firewall_features_try(&features);
	assert_int_equal(features.states[FEATURE_OWNER], FEATURE_MISSING);
	assert_int_equal(features.states[FEATURE_PERSIST], FEATURE_MISSING);
	assert_int_equal(firewall_features_tier(&features), TIER_REDUCED);
	setenv("OLD_KERNEL", "conntrack", 1);
	firewall_features_try(&features);
	assert_int_equal(firewall_features_lack(&features), FEATURE_CONNTRACK);
	setenv("OLD_KERNEL", "nf_tables", 1);
	firewall_features_try(&features);
	assert_int_equal(features.states[FEATURE_TABLES], FEATURE_MISSING);
	assert_int_equal(features.states[FEATURE_OWNER], FEATURE_UNKNOWN);
	assert_int_equal(firewall_features_lack(&features), FEATURE_TABLES);
	unsetenv("OLD_KERNEL");
}

static void without_the_capability_it_says_so(void **state)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	struct firewall_features features;
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		if (syscall(SYS_capset, &head, none) < 0)
			_exit(99);
		firewall_features_try(&features);
		_exit((int)firewall_features_lack(&features));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FEATURE_NET_ADMIN);
}

static void what_could_not_be_tried_is_not_taken_for_present(void **state)
{
	struct firewall_features features = {0};

	(void)state;
	assert_int_equal(firewall_features_tier(&features), TIER_UNKNOWN);
	for (enum firewall_feature feature = 0; feature < FEATURE_COUNT; feature++)
		features.states[feature] = FEATURE_PRESENT;
	assert_int_equal(firewall_features_tier(&features), TIER_FULL);
	features.states[FEATURE_EGRESS] = FEATURE_UNKNOWN;
	assert_int_equal(firewall_features_tier(&features), TIER_REDUCED);
	features.states[FEATURE_BIND] = FEATURE_UNKNOWN;
	assert_int_equal(firewall_features_tier(&features), TIER_UNKNOWN);
	features.states[FEATURE_MARK] = FEATURE_MISSING;
	assert_int_equal(firewall_features_tier(&features), TIER_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_kernel_will_do_and_keeps_nothing_of_the_trial),
		cmocka_unit_test(what_is_missing_is_found_and_nothing_else),
		cmocka_unit_test(without_the_capability_it_says_so),
		cmocka_unit_test(what_could_not_be_tried_is_not_taken_for_present),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
