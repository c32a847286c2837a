/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rulesets as text and compared: sets have one form, and no difference goes unsaid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "firewall/derive.h"
#include "firewall/ruleset_build.h"
#include "firewall/ruleset_text.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_true(prefix_parse(text, strlen(text), &prefix));
	return prefix;
}

static struct address endpoint_of(const char *text)
{
	struct address address;

	assert_true(address_parse_endpoint(text, strlen(text), &address));
	return address;
}

static char *text_of(const struct ruleset *ruleset)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	ruleset_print(ruleset, out);
	fclose(out);
	return text;
}

static void sets_have_one_form_only(void **state)
{
	static const uint8_t addresses[][4] = {
		{255, 255, 255, 255}, {10, 0, 0, 11}, {10, 0, 0, 10}, {10, 0, 0, 11}, {0, 0, 0, 0}};
	struct ruleset ruleset;
	struct ruleset_set *set;
	char *text;

	(void)state;
	ruleset_init(&ruleset, RULESET_INET, "t");
	set = ruleset_add_set(&ruleset, "s", AF_INET);
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		ruleset_set_add(&ruleset, set, addresses[i]);
	assert_int_equal(ruleset_finish(&ruleset), 0);
	text = text_of(&ruleset);
	assert_non_null(strstr(text, "size 4\n\t\telements = { 0.0.0.0, 10.0.0.10, 10.0.0.11, "
				     "255.255.255.255 }"));
	free(text);
	ruleset_clear(&ruleset);
}

/* What the kernel has in a set of ranges comes a moment after the rules. */
static void a_list_is_a_rule_for_each_length_and_never_a_set_of_ranges(void **state)
{
	static const struct {
		const char *prefixes[6];
		const char *text; /* from the first set to the end of the rules */
	} cases[] = {
		{{"10.0.0.9"}, "\t\tip saddr 10.0.0.9 goto"},
		{{"10.0.0.9", "10.0.0.9"}, "\t\tip saddr 10.0.0.9 goto"},
		{{"10.0.0.0/8"}, "\t\tip saddr 10.0.0.0/8 goto"},
		{{"0.0.0.0/0"}, "\t\tip saddr 0.0.0.0/0 goto"},
		{{"10.0.0.9", "10.0.0.8"},
		 "\tset apps {\n\t\ttype ipv4_addr\n\t\tsize 2\n\t\telements = { 10.0.0.8, "
		 "10.0.0.9 }"},
		{{"10.0.0.9", "10.0.0.8"}, "\t\tip saddr @apps goto"},
		{{"10.4.0.0/14", "11.0.0.0/14"}, "\tset apps_14 {\n"},
		{{"10.4.0.0/14", "11.0.0.0/14"}, "\t\tip saddr & 255.252.0.0 @apps_14 goto"},
		{{"fd00::/64", "fd01::/64"},
		 "\t\tip6 saddr & ffff:ffff:ffff:ffff:: @apps6_64 goto"},
		{{"fd00::1", "fd00::2"}, "\t\tip6 saddr @apps6 goto"},
		/* The longest first, and nobody twice. */
		{{"10.0.0.0/8", "11.1.0.0/16", "10.1.0.0/16", "10.0.0.1", "12.0.0.1"},
		 "\t\tip saddr 12.0.0.1 goto from_app\n\t\tip saddr 11.1.0.0/16 goto from_app\n"
		 "\t\tip saddr 10.0.0.0/8 goto from_app\n\t\tip6 saddr fe80::/10 goto from_app\n"},
		{{"0.0.0.0/0", "10.0.0.0/8", "10.0.0.1", "fd00::1"},
		 "\t\tip saddr 0.0.0.0/0 goto from_app\n\t\tip6 saddr fd00::1 goto from_app\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct firewall_policy policy = {.uid = 1900};
		struct firewall_rules rules;
		struct prefix apps[6];
		const char *problem;
		char *text;

		while (cases[i].prefixes[policy.app_count] != NULL) {
			apps[policy.app_count] = prefix_of(cases[i].prefixes[policy.app_count]);
			policy.app_count++;
		}
		policy.apps = apps;
		assert_int_equal(firewall_derive(FIREWALL_GATEWAY, &policy, NULL, &rules, &problem),
				 0);
		text = text_of(&rules.tables[0]);
		if (strstr(text, cases[i].text) == NULL)
			fail_msg("case %zu: %s is missing\n%s", i, cases[i].text, text);
		assert_null(strstr(text, "interval"));
		free(text);
		firewall_rules_clear(&rules);
	}
}

/* None of them within another one. */
static void a_list_of_every_length_fits(void **state)
{
	struct prefix every[32 + 128];
	const struct firewall_service listener = {
		.address = endpoint_of("[::]:8118"), .from = every, .from_count = ARRAY_LEN(every)};
	const struct firewall_policy policy = {.uid = 1900,
					       .listeners = &listener,
					       .listener_count = 1,
					       .apps = every,
					       .app_count = ARRAY_LEN(every)};
	struct firewall_rules rules;
	const char *problem;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(every); i++) {
		struct prefix *prefix = &every[i];

		*prefix = (struct prefix){.address.family = i < 32 ? AF_INET : AF_INET6,
					  .bits = (uint8_t)(i < 32 ? i + 1 : i - 31)};
		/* Ones, and a zero at the end. */
		for (unsigned bit = 0; bit + 1 < prefix->bits; bit++)
			prefix->address.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	assert_int_equal(firewall_derive(FIREWALL_GATEWAY, &policy, NULL, &rules, &problem), 0);
	assert_int_equal(ruleset_find_chain(&rules.tables[0], "forward")->rule_count,
			 ARRAY_LEN(every) + 1);
	firewall_rules_clear(&rules);
}

static const char *const devices[] = {"tun0"};

/* A gateway that everything below is a change of. */
static void rules_make(enum firewall_kind kind, struct firewall_rules *rules)
{
	static const struct firewall_links links = {{"eth1", "eth0"}, 2};
	const struct firewall_endpoint endpoints[] = {
		{.address = endpoint_of("45.80.2.2:51820"), .mark = 51820},
		{.address = endpoint_of("[2a0e:b107:2::2]:443"), .over_tcp = true}};
	const struct prefix clients[] = {prefix_of("172.30.0.10"), prefix_of("fd30::/64")};
	const struct prefix apps[] = {prefix_of("172.30.0.10"), prefix_of("172.30.0.11")};
	const struct prefix browsers[] = {prefix_of("192.168.0.0/16")};
	const struct firewall_service listeners[] = {
		{.address = endpoint_of("172.30.0.2:8118"),
		 .from = clients,
		 .from_count = 2,
		 .datagrams = true},
		{.address = endpoint_of("[fd30::2]:8118"), .from = clients, .from_count = 2},
	};
	const struct firewall_forward forwards[] = {
		{.service = {.address = endpoint_of("0.0.0.0:9696"),
			     .from = browsers,
			     .from_count = 1},
		 .target = endpoint_of("172.30.0.10:9696")},
		{.service = {.address = endpoint_of("0.0.0.0:7878")},
		 .target = endpoint_of("[fd31::20]:7878")},
	};
	const struct firewall_target targets[] = {
		{.address = endpoint_of("127.0.0.1:8000")},
		{.address = endpoint_of("172.31.0.5:1080")},
		{.address = endpoint_of("127.0.0.1:53"), .datagrams = true},
	};
	const struct firewall_policy policy = {
		.uid = 1900,
		.devices = devices,
		.device_count = 1,
		.listeners = listeners,
		.listener_count = 2,
		.forwards = forwards,
		.forward_count = 2,
		.targets = targets,
		.target_count = 3,
		.apps = apps,
		.app_count = 2,
		.udp_port_low = 4000,
		.udp_port_high = 4100,
		.bridge = "egress-apps",
		.endpoints = endpoints,
		.endpoint_count = 2,
		.links = &links,
	};
	const char *problem;

	if (firewall_derive(kind, &policy, NULL, rules, &problem) < 0)
		fail_msg("%s", problem);
}

static void gateway_make(struct ruleset *ruleset)
{
	struct firewall_rules rules;

	rules_make(FIREWALL_GATEWAY, &rules);
	assert_int_equal(rules.count, 1);
	*ruleset = rules.tables[0];
}

static void gateway_lets_through_the_tuples_and_no_more(void **state)
{
	static const struct {
		const char *line;
		bool is_there;
	} cases[] = {
		{"oifname \"tun0\" counter name ok_tunnel accept", true},
		{"ct direction reply ct original ip saddr 172.30.0.10 ip saddr 172.30.0.2 tcp "
		 "sport 8118 ",
		 true},
		{"ct direction reply ct original ip6 saddr fd30::/64 ip6 saddr fd30::2 tcp "
		 "sport ",
		 true},
		{"ip saddr 172.30.0.2 ip daddr 172.30.0.10 udp sport 4000-4100", true},
		/* One listener speaks HTTP only, and IPv4 clients never come to an IPv6 address. */
		{"ip6 saddr fd30::2 ip6 daddr", false},
		{"ip saddr 172.30.0.10 ip6", false},
		{"ip daddr 172.30.0.10 tcp dport 9696 counter name ok_forward accept", true},
		{"ip6 daddr fd31::20 tcp dport 7878 counter name ok_forward accept", true},
		/* Nobody is named for that forward: it is for everybody. */
		{"\t\ttcp dport 7878 counter name ok_client accept", true},
		{"\t\ttcp dport 7878 goto refused", false},
		{"\t\ttcp dport 9696 goto refused", true},
		{"ip daddr 172.31.0.5 tcp dport 1080 counter name ok_target accept", true},
		{"ip daddr 172.31.0.5 udp", false},
		{"ip daddr 127.0.0.1 udp dport 53 counter name ok_target accept", true},
		{"established", false},
		{"priority -310; policy accept", true},
		{"priority -5; policy accept", true},
		{"meta skuid 1900 ip daddr 127.0.0.11", true},
		{"priority 0", false},
	};
	struct ruleset ruleset;
	char *text;

	(void)state;
	gateway_make(&ruleset);
	text = text_of(&ruleset);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if ((strstr(text, cases[i].line) != NULL) != cases[i].is_there)
			fail_msg("%s %s\n%s", cases[i].line,
				 cases[i].is_there ? "is missing" : "is there", text);
	}
	free(text);
	ruleset_clear(&ruleset);
}

static void each_kind_has_its_tables(void **state)
{
	static const struct {
		enum firewall_kind kind;
		size_t table;
		const char *line;
		bool is_there;
	} cases[] = {
		{FIREWALL_STRICT, 0, "output priority -5; policy drop", true},
		{FIREWALL_STRICT, 0, "input priority -5; policy drop", true},
		{FIREWALL_STRICT, 0, "forward priority -5; policy drop", true},
		{FIREWALL_STRICT, 0, "fib saddr . oif type != local counter name blk_stray drop",
		 true},
		{FIREWALL_STRICT, 0,
		 "ip6 daddr 2a0e:b107:2::2 tcp dport 443 counter name ok_endpoint", true},
		/* In the order of their names, whichever was found first. */
		{FIREWALL_STRICT, 1,
		 "hook egress devices = { \"eth0\", \"eth1\" } priority 0; policy drop", true},
		/* Frames have no flows and no sockets that could be told. */
		{FIREWALL_STRICT, 1, "ct ", false},
		{FIREWALL_STRICT, 1, "skuid", false},
		{FIREWALL_STRICT, 1, "meta mark and", false},
		{FIREWALL_STRICT, 1, "ip daddr 172.30.0.10 tcp dport 9696 counter name ok_forward",
		 true},
		{FIREWALL_STRICT, 1, "127.0.0.1", false},
		{FIREWALL_WITNESS, 0, "drop", false},
		{FIREWALL_WITNESS, 0, "reject", false},
		{FIREWALL_WITNESS, 0, "counter", false},
		{FIREWALL_WITNESS, 0, "postrouting priority 2147483646", true},
		{FIREWALL_WITNESS, 1, "priority 2147483647; policy accept", true},
		{FIREWALL_WITNESS, 1, "drop", false},
		{FIREWALL_WITNESS, 1, "meta mark and 0xff000000 == 0xe6000000 counter name leaked",
		 true},
		{FIREWALL_WITNESS, 1, "meta skuid 1900 counter name leaked", true},
		{FIREWALL_APP, 1, "policy drop", true},
		{FIREWALL_APP, 1, "ct ", false},
		{FIREWALL_HUB, 0, "output priority -5; policy accept", true},
		{FIREWALL_HUB, 0, "forward priority -5; policy drop", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct firewall_rules rules;
		char *text;

		rules_make(cases[i].kind, &rules);
		assert_true(cases[i].table < rules.count);
		text = text_of(&rules.tables[cases[i].table]);
		if ((strstr(text, cases[i].line) != NULL) != cases[i].is_there)
			fail_msg("case %zu: %s %s\n%s", i, cases[i].line,
				 cases[i].is_there ? "is missing" : "is there", text);
		free(text);
		firewall_rules_clear(&rules);
	}
}

static void what_a_kind_cannot_do_without_is_told(void **state)
{
	static const struct {
		enum firewall_kind kind;
		struct firewall_policy policy;
		const char *words;
	} cases[] = {
		{FIREWALL_STRICT, {.uid = 1900}, "vpn-endpoint"},
		{FIREWALL_GATEWAY, {.uid = 1900, .direct = true}, "direct"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct firewall_rules rules;
		const char *problem = NULL;

		assert_int_equal(
			firewall_derive(cases[i].kind, &cases[i].policy, NULL, &rules, &problem),
			-1);
		assert_non_null(strstr(problem, cases[i].words));
		firewall_rules_clear(&rules);
	}
}

static void rules_for_root_are_refused(void **state)
{
	static const enum firewall_kind kinds[] = {FIREWALL_GATEWAY, FIREWALL_STRICT, FIREWALL_HUB,
						   FIREWALL_WITNESS};
	const struct firewall_policy policy = {.uid = 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct firewall_rules rules;
		const char *problem = NULL;

		assert_int_equal(firewall_derive(kinds[i], &policy, NULL, &rules, &problem), -1);
		assert_non_null(problem);
		firewall_rules_clear(&rules);
	}
}

static void an_app_cannot_be_held_to_a_gateway_without_an_address(void **state)
{
	const struct firewall_service listeners[] = {{.address = endpoint_of("0.0.0.0:8118")},
						     {.address = endpoint_of("127.0.0.1:8118")}};
	const struct firewall_policy policy = {.listeners = listeners, .listener_count = 2};
	struct firewall_rules rules;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(firewall_derive(FIREWALL_APP, &policy, NULL, &rules, &problem), -1);
	assert_non_null(strstr(problem, "address"));
	firewall_rules_clear(&rules);
}

static void keep_words(void *arg, const char *words)
{
	char *kept = arg;

	snprintf(kept, 2048, "%s", words);
}

static struct ruleset_rule *rule_at(struct ruleset *ruleset, const char *chain, size_t place)
{
	const struct ruleset_chain *found = ruleset_find_chain(ruleset, chain);

	assert_non_null(found);
	assert_true(place < found->rule_count);
	return &found->rules[place];
}

static struct ruleset_chain *chain_of(struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (strcmp(ruleset->chains[i].name, name) == 0)
			return &ruleset->chains[i];
	}
	fail();
	return NULL;
}

static void change_dormant(struct ruleset *ruleset)
{
	ruleset->flags = 1;
}

static void change_policy(struct ruleset *ruleset)
{
	chain_of(ruleset, "input")->drops = true;
}

static void change_hook(struct ruleset *ruleset)
{
	chain_of(ruleset, "input")->hook = HOOK_FORWARD;
}

static void change_priority(struct ruleset *ruleset)
{
	chain_of(ruleset, "output")->priority = 5;
}

static void change_counter(struct ruleset *ruleset)
{
	rule_at(ruleset, "own", 0)->counter[0] = '\0';
}

static void change_verdict(struct ruleset *ruleset)
{
	rule_at(ruleset, "from_tunnel", 0)->verdict = VERDICT_ACCEPT;
}

static void change_condition(struct ruleset *ruleset)
{
	rule_at(ruleset, "own", 0)->match_count = 0;
}

static void change_mark(struct ruleset *ruleset)
{
	rule_at(ruleset, "tag", 0)->marks = false;
}

static void change_foreign(struct ruleset *ruleset)
{
	snprintf(rule_at(ruleset, "own", 0)->foreign, RULE_FOREIGN_SIZE, "strange");
}

static void change_order(struct ruleset *ruleset)
{
	struct ruleset_rule first = *rule_at(ruleset, "output", 0);

	*rule_at(ruleset, "output", 0) = *rule_at(ruleset, "output", 1);
	*rule_at(ruleset, "output", 1) = first;
}

static void change_last_rule(struct ruleset *ruleset)
{
	chain_of(ruleset, "own")->rule_count--;
}

static void change_set(struct ruleset *ruleset)
{
	ruleset->sets[0].addresses[0][3]++;
}

static void change_set_count(struct ruleset *ruleset)
{
	ruleset_add_set(ruleset, "more", AF_INET);
}

static void change_counters(struct ruleset *ruleset)
{
	ruleset->counter_count--;
}

static void change_chains(struct ruleset *ruleset)
{
	ruleset_add_chain(ruleset, "more", HOOK_OUTPUT, -400, false);
}

static void change_stamp(struct ruleset *ruleset)
{
	rule_at(ruleset, "output", 0)->stamp = RULE_MARK;
}

static void change_device(struct ruleset *ruleset)
{
	ruleset_add_device(ruleset, "eth0");
}

static void every_change_is_a_difference(void **state)
{
	static const struct {
		void (*change)(struct ruleset *ruleset);
		const char *words;
	} cases[] = {
		{change_dormant, "the table is dormant"},
		{change_policy, "chain input has policy drop and not accept"},
		{change_hook, "chain input stands at another hook"},
		{change_priority, "chain output has priority 5 and not -5"},
		{change_counter, "chain own: rule 1 "},
		{change_verdict, "chain from_tunnel: rule "},
		{change_condition, "chain own: rule 1 "},
		{change_mark, "chain tag: rule 1 "},
		{change_foreign, "strange"},
		{change_order, "chain output: rule "},
		{change_last_rule, "is missing: counter name blk_own reject with icmpx"},
		{change_set, "set apps has other addresses"},
		{change_set_count, "set more does not belong there"},
		{change_counters, "counter blk_tunnel is missing"},
		{change_stamp, "chain output: rule 1 "},
		{change_device, "chain forward stands at other devices"},
		{change_chains, "chain more does not belong there"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ruleset wanted, found;
		char words[2048] = "";

		gateway_make(&wanted);
		gateway_make(&found);
		assert_int_equal(ruleset_diff(&wanted, &found, keep_words, words), 0);
		cases[i].change(&found);
		assert_true(ruleset_diff(&wanted, &found, keep_words, words) > 0);
		if (strstr(words, cases[i].words) == NULL)
			fail_msg("'%s' does not say '%s'", words, cases[i].words);
		ruleset_clear(&wanted);
		ruleset_clear(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_have_one_form_only),
		cmocka_unit_test(a_list_is_a_rule_for_each_length_and_never_a_set_of_ranges),
		cmocka_unit_test(a_list_of_every_length_fits),
		cmocka_unit_test(gateway_lets_through_the_tuples_and_no_more),
		cmocka_unit_test(each_kind_has_its_tables),
		cmocka_unit_test(what_a_kind_cannot_do_without_is_told),
		cmocka_unit_test(rules_for_root_are_refused),
		cmocka_unit_test(an_app_cannot_be_held_to_a_gateway_without_an_address),
		cmocka_unit_test(every_change_is_a_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
