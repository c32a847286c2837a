/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules that are tampered with, in a real kernel and a network namespace of our own. Root only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../lab/old_kernel.c"
#include "base/clock.h"
#include "firewall/features.h"
#include "firewall/keeper.h"
#include "firewall/ruleset_build.h"
#include "firewall/ruleset_text.h"

enum {
	LIMIT_MS = 8000, /* before everything is read, changed or not */
};

#define TABLE "egressd_test"

struct scene {
	struct keeper *keeper;
	struct firewall_rules wanted;
	unsigned events[KEEPER_FAILED + 1];
	char words[KEEPER_WORDS_SIZE], by[64];
};

static void on_event(void *arg, enum keeper_event event, const char *table, const char *words,
		     const char *by)
{
	struct scene *scene = arg;

	assert_memory_equal(table, TABLE, strlen(TABLE));
	scene->events[event]++;
	snprintf(scene->words, sizeof(scene->words), "%s", words);
	snprintf(scene->by, sizeof(scene->by), "%s", by);
}

static void wanted_make(struct firewall_rules *rules)
{
	static const uint8_t home[] = {10, 0, 0, 1};
	struct ruleset *ruleset = &rules->tables[0];
	struct ruleset_rule *rule;
	struct ruleset_set *set;

	*rules = (struct firewall_rules){.count = 1};
	ruleset_init(ruleset, RULESET_INET, TABLE);
	ruleset_add_counter(ruleset, "blocked");
	set = ruleset_add_set(ruleset, "home", AF_INET);
	ruleset_set_add(ruleset, set, home);
	ruleset_add_chain(ruleset, "side", HOOK_NONE, 0, false);
	ruleset_add_chain(ruleset, "out", HOOK_OUTPUT, -5, true);
	rule = ruleset_add_rule(ruleset);
	rule->matches[rule->match_count++] = (struct rule_match){.kind = MATCH_UID, .number = 1900};
	snprintf(rule->counter, sizeof(rule->counter), "blocked");
	rule->verdict = VERDICT_DROP;
	assert_int_equal(ruleset_finish(ruleset), 0);
}

static void scene_start(struct scene *scene, bool own)
{
	struct keeper_options options = {.own = own, .on_event = on_event, .arg = scene};
	char problem[FIREWALL_PROBLEM_SIZE];

	*scene = (struct scene){0};
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	wanted_make(&scene->wanted);
	scene->keeper = keeper_new(&options, problem);
	if (scene->keeper == NULL)
		fail_msg("%s", problem);
	if (keeper_put(scene->keeper, &scene->wanted) != FIREWALL_OK)
		fail_msg("%s", keeper_problem(scene->keeper));
	assert_true(keeper_status(scene->keeper)->verified);
}

static void scene_end(struct scene *scene)
{
	keeper_free(scene->keeper);
	firewall_rules_clear(&scene->wanted);
}

/* One round of its owner's loop. */
static void scene_round(struct scene *scene)
{
	struct pollfd poll_of = {.fd = keeper_descriptor(scene->keeper), .events = POLLIN};

	assert_true(poll(&poll_of, 1, keeper_wait_ms(scene->keeper)) >= 0);
	keeper_run(scene->keeper);
}

/* Until so many such events have come. */
static void scene_await(struct scene *scene, enum keeper_event event, unsigned count)
{
	int64_t until_ms = clock_monotonic_ms() + LIMIT_MS;

	while (scene->events[event] < count) {
		assert_true(clock_monotonic_ms() < until_ms);
		scene_round(scene);
	}
}

/* One more round of the loop, and everything heard that there is to hear. */
static void scene_settle(struct scene *scene)
{
	struct pollfd poll_of = {.fd = keeper_descriptor(scene->keeper), .events = POLLIN};

	while (poll(&poll_of, 1, 0) > 0)
		keeper_run(scene->keeper);
}

static void expect_in_force(const struct scene *scene)
{
	char problem[FIREWALL_PROBLEM_SIZE];
	struct firewall *other = firewall_open(problem);
	struct ruleset found;

	assert_non_null(other);
	assert_int_equal(firewall_read(other, RULESET_INET, TABLE, &found), FIREWALL_OK);
	assert_int_equal(ruleset_diff(&scene->wanted.tables[0], &found, NULL, NULL), 0);
	ruleset_clear(&found);
	firewall_close(other);
}

/* Skips on a kernel that lacks it in truth; else what should have made use of it did not. */
static void skip_without(enum firewall_feature feature)
{
	struct firewall_features features;

	firewall_features_try(&features);
	if (features.states[feature] == FEATURE_MISSING)
		skip();
	fail_msg("the kernel has what it takes");
}

static int nft(const char *words)
{
	char command[512];

	snprintf(command, sizeof(command), "nft '%s' >/dev/null 2>&1", words);
	return system(command);
}

static const struct {
	const char *command, *reason;
} tamperings[] = {
	{"flush ruleset", "the table was gone"},
	{"delete table inet " TABLE, "the table was gone"},
	{"insert rule inet " TABLE " out accept", "accept"},
	{"add rule inet " TABLE " out meta skuid 5 accept", "skuid 5"},
	{"flush chain inet " TABLE " out", "skuid 1900"},
	{"delete chain inet " TABLE " side", "side"},
	{"add chain inet " TABLE " out { policy accept; }", "out"},
	{"add chain inet " TABLE " more", "more"},
	{"add table inet " TABLE " { flags dormant; }", "dormant"},
	{"add set inet " TABLE " more { type ipv4_addr; }", "more"},
	{"delete element inet " TABLE " home { 10.0.0.1 }", "home"},
	{"add counter inet " TABLE " one", "one"},
	{"add table inet " TABLE " { flags dormant; }; delete table inet " TABLE, "gone"},
};

static void whatever_is_changed_is_put_back_and_told(void **state)
{
	const struct keeper_status *status;
	struct scene scene;
	int64_t began_ms = clock_monotonic_ms();

	(void)state;
	scene_start(&scene, false);
	status = keeper_status(scene.keeper);
	for (size_t i = 0; i < ARRAY_LEN(tamperings); i++) {
		assert_int_equal(nft(tamperings[i].command), 0);
		/* The kernel's word of it is enough: no waiting for the next tick. */
		scene_round(&scene);
		assert_true(status->repairs == i + 1 || keeper_wait_ms(scene.keeper) <= 20);
		scene_await(&scene, KEEPER_REPAIRED, (unsigned)i + 1);
		expect_in_force(&scene);
		if (strstr(scene.words, tamperings[i].reason) == NULL)
			fail_msg("%s: %s", tamperings[i].command, scene.words);
		assert_memory_equal(scene.by, "nft (pid ", 9);
		assert_string_equal(status->reason, scene.words);
		assert_int_equal(status->repairs, i + 1);
		assert_true(status->verified && status->repaired_ms > 0);
	}
	assert_int_equal(scene.events[KEEPER_FAILED], 0);
	/* A repair of ours is no change to be looked into. */
	scene_settle(&scene);
	scene_round(&scene);
	assert_true(status->looks <=
		    ARRAY_LEN(tamperings) + 1 +
			    (uint64_t)(clock_monotonic_ms() - began_ms) / KEEPER_READ_MS);
	scene_end(&scene);
}

static void an_owned_table_is_refused_to_everyone(void **state)
{
	struct scene scene;

	(void)state;
	scene_start(&scene, true);
	if (!keeper_status(scene.keeper)->owned)
		skip_without(FEATURE_PERSIST);
	for (size_t i = 0; i < ARRAY_LEN(tamperings); i++) {
		int status = nft(tamperings[i].command);

		/* A flush of everything succeeds, and leaves out what is owned. */
		assert_true(i == 0 || status != 0);
		expect_in_force(&scene);
		scene_settle(&scene);
	}
	assert_int_equal(keeper_status(scene.keeper)->repairs, 0);
	assert_true(keeper_status(scene.keeper)->verified);
	scene_end(&scene);
}

/* Is there a rule that stops the user, in a table that holds whatever the first one does? */
static void expect_held(void)
{
	assert_int_equal(nft("list table inet " TABLE "_held"), 0);
	assert_int_not_equal(nft("delete table inet " TABLE "_held"), 0);
	assert_int_not_equal(nft("add table inet " TABLE "_held { flags dormant; }"), 0);
}

static void without_persistent_owners_a_held_copy_stands_while_the_first_is_put_back(void **state)
{
	struct scene scene;

	(void)state;
	setenv("OLD_KERNEL", "persist", 1);
	scene_start(&scene, true);
	unsetenv("OLD_KERNEL");
	assert_false(keeper_status(scene.keeper)->owned);
	if (!keeper_status(scene.keeper)->held)
		skip_without(FEATURE_OWNER);
	setenv("OLD_KERNEL", "persist", 1);
	for (size_t i = 0; i < ARRAY_LEN(tamperings); i++) {
		assert_int_equal(nft(tamperings[i].command), 0);
		expect_held();
		scene_await(&scene, KEEPER_REPAIRED, (unsigned)i + 1);
		expect_in_force(&scene);
	}
	/* It goes with its owner, and the first one stays. */
	keeper_free(scene.keeper);
	unsetenv("OLD_KERNEL");
	scene.keeper = NULL;
	expect_in_force(&scene);
	assert_int_not_equal(nft("list table inet " TABLE "_held"), 0);
	scene_end(&scene);
}

static void a_kernel_without_owners_is_kept_by_repair_alone(void **state)
{
	struct scene scene;

	(void)state;
	setenv("OLD_KERNEL", "owner", 1);
	scene_start(&scene, true);
	assert_false(keeper_status(scene.keeper)->owned || keeper_status(scene.keeper)->held);
	assert_int_equal(nft("flush ruleset"), 0);
	scene_await(&scene, KEEPER_REPAIRED, 1);
	expect_in_force(&scene);
	unsetenv("OLD_KERNEL");
	scene_end(&scene);
}

static void a_change_that_nobody_told_of_is_found(void **state)
{
	struct scene scene;
	char bytes[65536];

	(void)state;
	scene_start(&scene, false);
	assert_int_equal(nft("flush chain inet " TABLE " out"), 0);
	while (recv(keeper_descriptor(scene.keeper), bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	scene_await(&scene, KEEPER_REPAIRED, 1);
	expect_in_force(&scene);
	scene_end(&scene);
}

static void events_that_overran_the_socket_are_healed(void **state)
{
	struct scene scene;
	int small = 1;
	char byte;

	(void)state;
	scene_start(&scene, false);
	assert_int_equal(setsockopt(keeper_descriptor(scene.keeper), SOL_SOCKET, SO_RCVBUF, &small,
				    sizeof(small)),
			 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(nft("add table inet other; add chain inet other c"), 0);
	assert_int_equal(nft("delete table inet " TABLE), 0);
	/* Some were lost: that is what the socket says first. */
	assert_int_equal(recv(keeper_descriptor(scene.keeper), &byte, 1, MSG_PEEK), -1);
	scene_await(&scene, KEEPER_REPAIRED, 1);
	expect_in_force(&scene);
	scene_end(&scene);
}

static void a_storm_of_others_changes_is_not_answered_by_reading_each_time(void **state)
{
	struct scene scene;
	uint64_t looks;
	int64_t began_ms;

	(void)state;
	scene_start(&scene, false);
	looks = keeper_status(scene.keeper)->looks;
	began_ms = clock_monotonic_ms();
	for (int i = 0; i < 60; i++) {
		assert_int_equal(nft("add table inet other; flush table inet other"), 0);
		scene_settle(&scene);
	}
	/* What is heard of completely takes no reading; only the one that is due anyway. */
	assert_true(keeper_status(scene.keeper)->looks - looks <=
		    (uint64_t)(clock_monotonic_ms() - began_ms) / KEEPER_READ_MS);
	assert_true(keeper_status(scene.keeper)->verified);
	scene_end(&scene);
}

static void rules_that_cannot_be_put_back_are_told_once_and_put_back_when_they_can(void **state)
{
	char problem[FIREWALL_PROBLEM_SIZE];
	struct firewall *other;
	struct ruleset theirs;
	struct scene scene;
	bool owned = false;

	(void)state;
	scene_start(&scene, false);
	other = firewall_open(problem);
	assert_non_null(other);
	ruleset_init(&theirs, RULESET_INET, TABLE);
	ruleset_add_chain(&theirs, "out", HOOK_OUTPUT, 0, false);
	assert_int_equal(firewall_apply(other, &theirs, true, &owned), FIREWALL_OK);
	if (owned) {
		scene_await(&scene, KEEPER_FAILED, 1);
		assert_non_null(strstr(scene.words, "owns"));
		assert_false(keeper_status(scene.keeper)->verified);
		assert_false(keeper_status(scene.keeper)->owned);
		assert_string_equal(keeper_status(scene.keeper)->problem, scene.words);
		for (uint64_t looks = keeper_status(scene.keeper)->looks;
		     keeper_status(scene.keeper)->looks < looks + 2;)
			scene_round(&scene);
	}
	firewall_close(other);
	scene_await(&scene, KEEPER_REPAIRED, 1);
	assert_int_equal(scene.events[KEEPER_FAILED], owned);
	assert_int_equal(scene.events[KEEPER_VERIFIED], owned);
	assert_true(keeper_status(scene.keeper)->verified);
	expect_in_force(&scene);
	ruleset_clear(&theirs);
	scene_end(&scene);
}

/* One chain, and at will a table of family netdev. */
static void other_make(struct firewall_rules *rules, bool frames)
{
	*rules = (struct firewall_rules){.count = frames ? 2 : 1};
	ruleset_init(&rules->tables[0], RULESET_INET, TABLE);
	ruleset_add_chain(&rules->tables[0], "out", HOOK_OUTPUT, 0, true);
	if (frames) {
		ruleset_init(&rules->tables[1], RULESET_NETDEV, TABLE);
		ruleset_add_chain(&rules->tables[1], "out", HOOK_EGRESS, 0, true);
		ruleset_add_device(&rules->tables[1], "lo");
	}
}

static void new_rules_take_the_place_of_the_old_ones_and_bad_ones_do_not(void **state)
{
	struct firewall_rules bad, fewer;
	struct scene scene;
	struct ruleset_rule *rule;

	(void)state;
	scene_start(&scene, true);
	wanted_make(&bad);
	rule = ruleset_add_rule(&bad.tables[0]);
	rule->verdict = VERDICT_JUMP;
	snprintf(rule->target, sizeof(rule->target), "nowhere");
	assert_int_equal(keeper_put(scene.keeper, &bad), FIREWALL_FAILED);
	assert_true(strlen(keeper_problem(scene.keeper)) > 20);
	expect_in_force(&scene);
	other_make(&fewer, false);
	assert_int_equal(keeper_put(scene.keeper, &fewer), FIREWALL_OK);
	scene_settle(&scene);
	assert_int_equal(keeper_status(scene.keeper)->repairs, 0);
	firewall_rules_clear(&scene.wanted);
	scene.wanted = fewer;
	expect_in_force(&scene);
	firewall_rules_clear(&bad);
	scene_end(&scene);
}

static void a_table_of_frames_is_kept_as_well_and_goes_when_it_is_not_wanted(void **state)
{
	struct firewall_rules frames;
	struct scene scene;

	(void)state;
	scene_start(&scene, false);
	other_make(&frames, true);
	if (keeper_put(scene.keeper, &frames) != FIREWALL_OK)
		skip_without(FEATURE_EGRESS);
	assert_int_equal(nft("flush ruleset"), 0);
	scene_await(&scene, KEEPER_REPAIRED, 2);
	assert_int_equal(nft("delete table netdev " TABLE), 0);
	scene_await(&scene, KEEPER_REPAIRED, 3);
	assert_int_equal(nft("list chain netdev " TABLE " out"), 0);
	assert_int_equal(keeper_put(scene.keeper, &scene.wanted), FIREWALL_OK);
	assert_int_not_equal(nft("list table netdev " TABLE), 0);
	expect_in_force(&scene);
	firewall_rules_clear(&frames);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_changed_is_put_back_and_told),
		cmocka_unit_test(an_owned_table_is_refused_to_everyone),
		cmocka_unit_test(
			without_persistent_owners_a_held_copy_stands_while_the_first_is_put_back),
		cmocka_unit_test(a_kernel_without_owners_is_kept_by_repair_alone),
		cmocka_unit_test(a_change_that_nobody_told_of_is_found),
		cmocka_unit_test(events_that_overran_the_socket_are_healed),
		cmocka_unit_test(a_storm_of_others_changes_is_not_answered_by_reading_each_time),
		cmocka_unit_test(
			rules_that_cannot_be_put_back_are_told_once_and_put_back_when_they_can),
		cmocka_unit_test(new_rules_take_the_place_of_the_old_ones_and_bad_ones_do_not),
		cmocka_unit_test(a_table_of_frames_is_kept_as_well_and_goes_when_it_is_not_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
