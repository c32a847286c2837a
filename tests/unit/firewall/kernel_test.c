/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules in a real kernel, in a network namespace of our own: in, back, owned, out. Root only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "firewall/kernel.h"
#include "firewall/ruleset_build.h"
#include "firewall/ruleset_text.h"

static struct firewall *open_or_skip(void)
{
	char problem[FIREWALL_PROBLEM_SIZE];
	struct firewall *firewall;

	if (unshare(CLONE_NEWNET) < 0)
		skip();
	firewall = firewall_open(problem);
	if (firewall == NULL)
		fail_msg("%s", problem);
	return firewall;
}

static struct rule_match *match_add(struct ruleset_rule *rule, enum match_kind kind)
{
	struct rule_match *match;

	assert_non_null(rule);
	match = &rule->matches[rule->match_count++];
	match->kind = kind;
	return match;
}

static struct ruleset_rule *rule_of(struct ruleset *ruleset, enum match_kind kind, uint32_t number)
{
	struct ruleset_rule *rule = ruleset_add_rule(ruleset);

	match_add(rule, kind)->number = number;
	return rule;
}

/* set "": the prefix of ones alone. */
static void match_who(struct ruleset_rule *rule, enum match_kind kind, const char *set,
		      sa_family_t family, unsigned bits)
{
	struct rule_match *match = match_add(rule, kind);

	snprintf(match->set, sizeof(match->set), "%s", set);
	match->prefix = (struct prefix){.address.family = family, .bits = (uint8_t)bits};
	for (unsigned bit = 0; set[0] == '\0' && bit < bits; bit++)
		match->prefix.address.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* Of every length there is: bytes, parts of one, none, all. */
static void add_prefixes(struct ruleset *ruleset, const char *set, sa_family_t family,
			 bool has_flows)
{
	unsigned whole = family == AF_INET ? 32 : 128;

	for (unsigned bits = 0; bits <= whole; bits++) {
		struct ruleset_rule *rule = ruleset_add_rule(ruleset);

		match_who(rule, MATCH_SOURCE, "", family, bits);
		match_who(rule, MATCH_DESTINATION, set, family, bits);
		if (!has_flows)
			continue;
		match_who(rule, MATCH_ORIGIN, "", family, bits);
		match_who(rule, MATCH_ORIGIN, set, family, bits);
	}
}

static void add_sets(struct ruleset *ruleset)
{
	static const uint8_t bytes[16] = {1, 2, 3, 4};

	ruleset_set_add(ruleset, ruleset_add_set(ruleset, "s4", AF_INET), bytes);
	ruleset_set_add(ruleset, ruleset_add_set(ruleset, "s6", AF_INET6), bytes);
}

/* Every kind of match, inverted and not, of both families, and every verdict. */
static void everything_make(struct ruleset *ruleset)
{
	static const sa_family_t families[] = {AF_INET, AF_INET6};
	struct ruleset_rule *rule;

	ruleset_init(ruleset, RULESET_INET, "egressd_test");
	ruleset_add_counter(ruleset, "one");
	add_sets(ruleset);
	ruleset_add_chain(ruleset, "side", HOOK_NONE, 0, false);
	for (enum rule_verdict verdict = VERDICT_CONTINUE; verdict <= VERDICT_REJECT; verdict++) {
		if (verdict == VERDICT_GOTO || verdict == VERDICT_JUMP)
			continue;
		rule = rule_of(ruleset, MATCH_PROTOCOL, IPPROTO_TCP);
		rule->verdict = verdict;
		snprintf(rule->counter, sizeof(rule->counter), "one");
	}
	ruleset_add_chain(ruleset, "out", HOOK_OUTPUT, -5, true);
	rule = rule_of(ruleset, MATCH_UID, 1900);
	rule->marks = true;
	match_add(rule, MATCH_MARKED);
	rule = rule_of(ruleset, MATCH_REPLY, 0);
	rule->verdict = VERDICT_GOTO;
	snprintf(rule->target, sizeof(rule->target), "side");
	rule = rule_of(ruleset, MATCH_INVALID, 0);
	rule->verdict = VERDICT_JUMP;
	snprintf(rule->target, sizeof(rule->target), "side");
	rule = ruleset_add_rule(ruleset);
	snprintf(match_add(rule, MATCH_DEVICE_OUT)->device, IFNAMSIZ, "fifteen-letters");
	match_add(rule, MATCH_DEVICE_IN)->inverted = true;
	snprintf(rule->matches[1].device, IFNAMSIZ, "a");
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const char *set = families[i] == AF_INET ? "s4" : "s6";
		struct rule_match *match;

		add_prefixes(ruleset, set, families[i], true);
		rule = ruleset_add_rule(ruleset);
		match = match_add(rule, MATCH_SOURCE_PORT);
		match->number = IPPROTO_UDP;
		match->low = 256;
		match->high = 65535;
		match = match_add(rule, MATCH_DESTINATION_PORT);
		match->number = IPPROTO_UDP;
		match->low = match->high = 53;
	}
	rule = ruleset_add_rule(ruleset);
	match_add(rule, MATCH_ICMPV6_TYPE)->low = 135;
	rule->matches[0].high = 136;
	ruleset_add_chain(ruleset, "in", HOOK_INPUT, -310, false);
	ruleset_add_chain(ruleset, "forward", HOOK_FORWARD, 2000000000, false);
	ruleset_add_chain(ruleset, "last", HOOK_POSTROUTING, INT32_MAX, false);
	rule_of(ruleset, MATCH_MARK, 51820)->matches[0].mask = UINT32_MAX;
	rule = rule_of(ruleset, MATCH_MARK, 0xe6000000);
	rule->matches[0].mask = RULE_MARK_MASK;
	rule->stamp = 0xe7000000;
	snprintf(rule->counter, sizeof(rule->counter), "one");
	rule_of(ruleset, MATCH_STRAY, 0)->verdict = VERDICT_DROP;
}

/* What frames are asked that leave by a device, and all that is asked of packets anywhere. */
static void frames_make(struct ruleset *ruleset)
{
	static const sa_family_t families[] = {AF_INET, AF_INET6};
	struct ruleset_rule *rule;

	ruleset_init(ruleset, RULESET_NETDEV, "egressd_test");
	ruleset_add_counter(ruleset, "one");
	add_sets(ruleset);
	ruleset_add_chain(ruleset, "frames", HOOK_EGRESS, INT32_MAX, true);
	ruleset_add_device(ruleset, "lo");
	rule_of(ruleset, MATCH_ARP, 0)->verdict = VERDICT_ACCEPT;
	rule = rule_of(ruleset, MATCH_UID, 1900);
	snprintf(rule->counter, sizeof(rule->counter), "one");
	rule_of(ruleset, MATCH_MARK, 51820)->matches[0].mask = UINT32_MAX;
	rule_of(ruleset, MATCH_MARK, 0)->matches[0].mask = 1;
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const char *set = families[i] == AF_INET ? "s4" : "s6";
		struct rule_match *match;

		add_prefixes(ruleset, set, families[i], false);
		rule = ruleset_add_rule(ruleset);
		match = match_add(rule, MATCH_DESTINATION_PORT);
		match->number = IPPROTO_UDP;
		match->low = match->high = 53;
		rule->verdict = VERDICT_DROP;
	}
	rule = ruleset_add_rule(ruleset);
	match_add(rule, MATCH_ICMPV6_TYPE)->low = 133;
	rule->matches[0].high = 136;
	rule = ruleset_add_rule(ruleset);
	match_add(rule, MATCH_ICMPV6_TYPE)->low = 143;
	rule->matches[0].high = 143;
}

static void print_difference(void *arg, const char *words)
{
	(void)arg;
	print_error("%s\n", words);
}

static void expect_same(struct firewall *firewall, const struct ruleset *wanted)
{
	struct ruleset found;

	if (firewall_read(firewall, wanted->family, wanted->table, &found) != FIREWALL_OK)
		fail_msg("%s", firewall_problem(firewall));
	assert_int_equal(ruleset_diff(wanted, &found, print_difference, NULL), 0);
	ruleset_clear(&found);
}

static void apply(struct firewall *firewall, const struct ruleset *ruleset, bool own)
{
	if (firewall_apply(firewall, ruleset, own, NULL) != FIREWALL_OK)
		fail_msg("%s", firewall_problem(firewall));
}

static void every_kind_of_rule_comes_back_as_it_went(void **state)
{
	struct firewall *firewall = open_or_skip();
	struct ruleset ruleset;

	(void)state;
	everything_make(&ruleset);
	assert_int_equal(ruleset_finish(&ruleset), 0);
	apply(firewall, &ruleset, false);
	apply(firewall, &ruleset, false);
	expect_same(firewall, &ruleset);
	assert_int_equal(firewall_remove(firewall, ruleset.family, ruleset.table), FIREWALL_OK);
	assert_int_equal(firewall_remove(firewall, ruleset.family, ruleset.table), FIREWALL_ABSENT);
	ruleset_clear(&ruleset);
	firewall_close(firewall);
}

/* As nft understands what is printed, whatever expressions it makes of it. */
static void what_is_printed_is_what_is_meant(void **state)
{
	struct firewall *firewall = open_or_skip();
	struct ruleset rulesets[2];

	(void)state;
	everything_make(&rulesets[0]);
	frames_make(&rulesets[1]);
	for (size_t i = 0; i < ARRAY_LEN(rulesets); i++) {
		FILE *nft = popen("nft -f -", "w");

		assert_int_equal(ruleset_finish(&rulesets[i]), 0);
		assert_non_null(nft);
		ruleset_print(&rulesets[i], nft);
		assert_int_equal(pclose(nft), 0);
		expect_same(firewall, &rulesets[i]);
		ruleset_clear(&rulesets[i]);
	}
	firewall_close(firewall);
}

static void rules_at_devices_come_back_as_they_went(void **state)
{
	struct firewall *firewall = open_or_skip();
	struct ruleset ruleset, found;

	(void)state;
	frames_make(&ruleset);
	assert_int_equal(ruleset_finish(&ruleset), 0);
	apply(firewall, &ruleset, true);
	apply(firewall, &ruleset, true);
	expect_same(firewall, &ruleset);
	/* Another family is another table. */
	assert_int_equal(firewall_read(firewall, RULESET_INET, ruleset.table, &found),
			 FIREWALL_ABSENT);
	assert_int_equal(firewall_remove(firewall, RULESET_NETDEV, ruleset.table), FIREWALL_OK);
	ruleset_clear(&ruleset);
	firewall_close(firewall);
}

/* Of a witness that stands alone in the namespace, but for lo. */
static const struct firewall_policy watched = {.uid = 1900};

static uint64_t count_of(struct firewall *firewall, enum ruleset_family family, const char *name)
{
	struct firewall_count counts[8];
	size_t count = 0;

	if (firewall_read_counters(firewall, family, FIREWALL_TABLE_WITNESS, counts, 8, &count) !=
	    FIREWALL_OK)
		fail_msg("%s", firewall_problem(firewall));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(counts[i].name, name) == 0)
			return counts[i].packets;
	}
	fail_msg("there is no counter %s", name);
	return 0;
}

static void counters_are_read_by_family_and_table(void **state)
{
	struct firewall *firewall = open_or_skip();
	struct firewall_count counts[2];
	struct firewall_rules rules;
	struct ruleset other;
	size_t count = 7;

	(void)state;
	assert_int_equal(firewall_read_counters(firewall, RULESET_INET, FIREWALL_TABLE_WITNESS,
						counts, 2, &count),
			 FIREWALL_ABSENT);
	assert_int_equal(count, 0);
	everything_make(&other);
	assert_int_equal(ruleset_finish(&other), 0);
	apply(firewall, &other, false);
	assert_int_equal(
		firewall_install(firewall, FIREWALL_WITNESS, &watched, NULL, false, &rules, NULL),
		FIREWALL_OK);
	assert_int_equal(rules.count, 1);
	assert_int_equal(count_of(firewall, RULESET_INET, FIREWALL_LEAKED), 0);
	/* No more than there is room for, and nobody else's. */
	assert_int_equal(firewall_read_counters(firewall, RULESET_INET, FIREWALL_TABLE_WITNESS,
						counts, 2, &count),
			 FIREWALL_OK);
	assert_int_equal(count, 2);
	assert_int_equal(firewall_read_counters(firewall, RULESET_NETDEV, FIREWALL_TABLE_WITNESS,
						counts, 2, &count),
			 FIREWALL_ABSENT);
	firewall_rules_clear(&rules);
	ruleset_clear(&other);
	firewall_close(firewall);
}

static void a_kind_with_fewer_tables_takes_the_others_out(void **state)
{
	static const struct firewall_links links = {{"lo"}, 1};
	struct firewall *firewall = open_or_skip();
	struct firewall_policy policy = watched;
	struct firewall_rules rules;
	struct ruleset found;

	(void)state;
	policy.links = &links;
	assert_int_equal(
		firewall_install(firewall, FIREWALL_WITNESS, &policy, NULL, true, &rules, NULL),
		FIREWALL_OK);
	assert_int_equal(rules.count, 2);
	assert_int_equal(count_of(firewall, RULESET_NETDEV, FIREWALL_OTHERS), 0);
	firewall_rules_clear(&rules);
	policy.links = NULL;
	assert_int_equal(
		firewall_install(firewall, FIREWALL_WITNESS, &policy, NULL, true, &rules, NULL),
		FIREWALL_OK);
	assert_int_equal(rules.count, 1);
	assert_int_equal(firewall_read(firewall, RULESET_NETDEV, FIREWALL_TABLE_WITNESS, &found),
			 FIREWALL_ABSENT);
	firewall_rules_clear(&rules);
	firewall_close(firewall);
}

/* As where the kernel has no place for them. */
static void
a_witness_of_frames_that_the_kernel_refuses_counts_packets_and_strict_fails(void **state)
{
	static const struct firewall_links twice = {{"lo", "lo"}, 2};
	struct firewall_endpoint endpoint = {.address = {.family = AF_INET, .bytes = {1, 2, 3, 4}}};
	struct firewall *firewall = open_or_skip();
	struct firewall_policy policy = watched;
	struct firewall_rules rules;

	(void)state;
	policy.links = &twice;
	policy.endpoints = &endpoint;
	policy.endpoint_count = 1;
	if (firewall_install(firewall, FIREWALL_WITNESS, &policy, NULL, true, &rules, NULL) !=
	    FIREWALL_OK)
		fail_msg("%s", firewall_problem(firewall));
	assert_int_equal(rules.count, 1);
	assert_int_equal(count_of(firewall, RULESET_INET, FIREWALL_LEAKED), 0);
	firewall_rules_clear(&rules);
	assert_int_equal(
		firewall_install(firewall, FIREWALL_STRICT, &policy, NULL, true, &rules, NULL),
		FIREWALL_FAILED);
	firewall_rules_clear(&rules);
	firewall_close(firewall);
}

static void sets_of_any_size_and_at_the_ends_come_back(void **state)
{
	static const uint8_t ends[][4] = {{0, 0, 0, 0}, {255, 255, 255, 255}, {10, 0, 0, 0}};
	struct firewall *firewall = open_or_skip();
	struct ruleset ruleset;
	struct ruleset_set *set;

	(void)state;
	ruleset_init(&ruleset, RULESET_INET, "egressd_test");
	set = ruleset_add_set(&ruleset, "ends", AF_INET);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		ruleset_set_add(&ruleset, set, ends[i]);
	set = ruleset_add_set(&ruleset, "many", AF_INET6);
	for (unsigned i = 0; i < 5000; i++) {
		const uint8_t bytes[16] = {0xfd, (uint8_t)(i >> 8), (uint8_t)i, [15] = 1};

		ruleset_set_add(&ruleset, set, bytes);
	}
	assert_int_equal(ruleset_finish(&ruleset), 0);
	assert_int_equal(ruleset.sets[1].count, 5000);
	for (int i = 0; i < 20; i++) {
		apply(firewall, &ruleset, false);
		expect_same(firewall, &ruleset);
	}
	ruleset_clear(&ruleset);
	firewall_close(firewall);
}

static void thousands_of_rules_go_in_at_once(void **state)
{
	struct firewall *firewall = open_or_skip();
	struct ruleset ruleset;

	(void)state;
	ruleset_init(&ruleset, RULESET_INET, "egressd_test");
	ruleset_add_chain(&ruleset, "out", HOOK_OUTPUT, 0, false);
	for (uint16_t i = 0; i < 5000; i++) {
		struct rule_match *match = match_add(ruleset_add_rule(&ruleset), MATCH_SOURCE_PORT);

		match->number = IPPROTO_TCP;
		match->low = match->high = i;
	}
	assert_int_equal(ruleset_finish(&ruleset), 0);
	apply(firewall, &ruleset, false);
	expect_same(firewall, &ruleset);
	ruleset_clear(&ruleset);
	firewall_close(firewall);
}

static void a_refused_ruleset_leaves_the_old_one_in_force(void **state)
{
	struct firewall *firewall = open_or_skip();
	struct ruleset ruleset, bad;
	struct ruleset_rule *rule;

	(void)state;
	everything_make(&ruleset);
	everything_make(&bad);
	rule = ruleset_add_rule(&bad);
	rule->verdict = VERDICT_JUMP;
	snprintf(rule->target, sizeof(rule->target), "nowhere");
	assert_int_equal(ruleset_finish(&ruleset), 0);
	assert_int_equal(ruleset_finish(&bad), 0);
	assert_int_equal(firewall_apply(firewall, &bad, false, NULL), FIREWALL_FAILED);
	assert_true(strlen(firewall_problem(firewall)) > 20);
	apply(firewall, &ruleset, false);
	assert_int_equal(firewall_apply(firewall, &bad, false, NULL), FIREWALL_FAILED);
	expect_same(firewall, &ruleset);
	ruleset_clear(&ruleset);
	ruleset_clear(&bad);
	firewall_close(firewall);
}

static void an_owned_table_is_nobody_elses_and_stays_when_its_owner_goes(void **state)
{
	struct firewall *owner = open_or_skip(), *other;
	char problem[FIREWALL_PROBLEM_SIZE];
	struct ruleset ruleset;
	bool owned = false;

	(void)state;
	everything_make(&ruleset);
	assert_int_equal(ruleset_finish(&ruleset), 0);
	assert_int_equal(firewall_apply(owner, &ruleset, true, &owned), FIREWALL_OK);
	other = firewall_open(problem);
	assert_non_null(other);
	expect_same(other, &ruleset);
	if (owned) {
		assert_int_equal(firewall_apply(other, &ruleset, true, NULL), FIREWALL_FAILED);
		assert_non_null(strstr(firewall_problem(other), "owns"));
		assert_int_equal(firewall_remove(other, ruleset.family, ruleset.table),
				 FIREWALL_FAILED);
	}
	/* The owner itself replaces it. */
	assert_int_equal(firewall_apply(owner, &ruleset, true, &owned), FIREWALL_OK);
	firewall_close(owner);
	expect_same(other, &ruleset);
	/* A new warden takes it over. */
	owned = false;
	assert_int_equal(firewall_apply(other, &ruleset, true, &owned), FIREWALL_OK);
	expect_same(other, &ruleset);
	assert_int_equal(firewall_remove(other, ruleset.family, ruleset.table), FIREWALL_OK);
	ruleset_clear(&ruleset);
	firewall_close(other);
}

/* What happens before each part of an answer is read. */
static struct meddling {
	struct firewall *firewall; /* NULL: nothing */
	struct ruleset rulesets[2];
	size_t parts, from, times; /* it happens so many times from that part on */
} meddling;

/* libmnl reads with this one. The names of the parameters are the C library's. */
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct firewall *firewall = meddling.firewall;

	if (firewall != NULL) {
		size_t part = meddling.parts++;

		meddling.firewall = NULL;
		if (part >= meddling.from && part - meddling.from < meddling.times)
			apply(firewall, &meddling.rulesets[part % 2], false);
		meddling.firewall = firewall;
	}
	return syscall(SYS_recvmsg, fd, message, flags);
}

static void meddling_init(const char *table)
{
	char problem[FIREWALL_PROBLEM_SIZE];

	meddling = (struct meddling){.times = SIZE_MAX, .firewall = firewall_open(problem)};
	assert_non_null(meddling.firewall);
	for (size_t i = 0; i < ARRAY_LEN(meddling.rulesets); i++) {
		struct ruleset *ruleset = &meddling.rulesets[i];

		ruleset_init(ruleset, RULESET_INET, table);
		ruleset_add_counter(ruleset, i == 0 ? "zero" : "one");
		add_sets(ruleset);
		ruleset_add_chain(ruleset, "out", HOOK_OUTPUT, (int32_t)i, false);
		rule_of(ruleset, MATCH_UID, (uint32_t)i + 1);
		ruleset->sets[0].addresses[0][0] = (uint8_t)i;
		assert_int_equal(ruleset_finish(ruleset), 0);
	}
}

static void meddling_clear(void)
{
	struct firewall *firewall = meddling.firewall;

	meddling.firewall = NULL;
	firewall_close(firewall);
	for (size_t i = 0; i < ARRAY_LEN(meddling.rulesets); i++)
		ruleset_clear(&meddling.rulesets[i]);
}

/* There is no moment in which nothing changes, and no list that the kernel does not call torn. */
static void rules_are_read_while_others_change_theirs(void **state)
{
	struct firewall *firewall = open_or_skip();
	struct ruleset ruleset;

	(void)state;
	everything_make(&ruleset);
	for (uint16_t i = 0; i < 1000; i++)
		match_add(rule_of(&ruleset, MATCH_PROTOCOL, IPPROTO_TCP), MATCH_INVALID);
	assert_int_equal(ruleset_finish(&ruleset), 0);
	apply(firewall, &ruleset, false);
	meddling_init("meddler");
	expect_same(firewall, &ruleset);
	assert_true(meddling.parts > 20);
	assert_int_equal(firewall_remove(firewall, ruleset.family, ruleset.table), FIREWALL_OK);
	assert_int_equal(firewall_remove(firewall, ruleset.family, ruleset.table), FIREWALL_ABSENT);
	meddling_clear();
	ruleset_clear(&ruleset);
	firewall_close(firewall);
}

static void a_table_replaced_under_way_is_read_as_before_or_after(void **state)
{
	struct firewall *firewall = open_or_skip();
	size_t from = 0;

	(void)state;
	do {
		size_t same = 0;
		struct ruleset found;

		meddling_init("egressd_test");
		meddling.times = 0;
		apply(firewall, &meddling.rulesets[(from + 1) % 2], false);
		meddling.parts = 0;
		meddling.from = from;
		meddling.times = 1;
		if (firewall_read(firewall, RULESET_INET, "egressd_test", &found) != FIREWALL_OK)
			fail_msg("%s", firewall_problem(firewall));
		for (size_t i = 0; i < 2; i++)
			same += ruleset_diff(&meddling.rulesets[i], &found, NULL, NULL) == 0;
		if (same != 1)
			fail_msg("replaced before part %zu: neither of both", from);
		ruleset_clear(&found);
		from = meddling.parts > from ? from + 1 : 0;
		meddling_clear();
	} while (from > 0);
	firewall_close(firewall);
}

static void a_table_that_never_holds_still_is_said_to(void **state)
{
	struct firewall *firewall = open_or_skip();
	struct ruleset found;

	(void)state;
	meddling_init("egressd_test");
	assert_int_equal(firewall_read(firewall, RULESET_INET, "egressd_test", &found),
			 FIREWALL_FAILED);
	assert_non_null(strstr(firewall_problem(firewall), "keeps changing"));
	meddling_clear();
	firewall_close(firewall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_rule_comes_back_as_it_went),
		cmocka_unit_test(what_is_printed_is_what_is_meant),
		cmocka_unit_test(rules_at_devices_come_back_as_they_went),
		cmocka_unit_test(counters_are_read_by_family_and_table),
		cmocka_unit_test(a_kind_with_fewer_tables_takes_the_others_out),
		cmocka_unit_test(
			a_witness_of_frames_that_the_kernel_refuses_counts_packets_and_strict_fails),
		cmocka_unit_test(sets_of_any_size_and_at_the_ends_come_back),
		cmocka_unit_test(thousands_of_rules_go_in_at_once),
		cmocka_unit_test(a_refused_ruleset_leaves_the_old_one_in_force),
		cmocka_unit_test(an_owned_table_is_nobody_elses_and_stays_when_its_owner_goes),
		cmocka_unit_test(rules_are_read_while_others_change_theirs),
		cmocka_unit_test(a_table_replaced_under_way_is_read_as_before_or_after),
		cmocka_unit_test(a_table_that_never_holds_still_is_said_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
