/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is asking: addresses, users and ports that stand for a client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "policy/builder.h"

enum {
	PROWLARR, /* an address */
	TV,       /* a network and a user */
	PHONE,    /* one of two users, anywhere */
	BROWSER,  /* nothing: known by its port */
};

static struct policy *family(void)
{
	struct policy_builder *builder = policy_builder_new("test.conf");
	struct prefix prefix;

	assert_int_equal(policy_builder_client(builder, "prowlarr", 8), PROWLARR);
	assert_int_equal(policy_builder_client(builder, "tv", 2), TV);
	assert_int_equal(policy_builder_client(builder, "phone", 5), PHONE);
	assert_int_equal(policy_builder_client(builder, "browser", 7), BROWSER);
	assert_true(prefix_parse("172.30.0.10", 11, &prefix));
	assert_int_equal(policy_builder_client_address(builder, PROWLARR, &prefix), 0);
	assert_true(prefix_parse("192.168.1.0/24", 14, &prefix));
	assert_int_equal(policy_builder_client_address(builder, TV, &prefix), 0);
	assert_int_equal(policy_builder_client_user(builder, TV, "tv", 2), 0);
	assert_int_equal(policy_builder_client_user(builder, PHONE, "ann", 3), 0);
	assert_int_equal(policy_builder_client_user(builder, PHONE, "bob\0x", 5), 0);
	return policy_builder_finish(builder);
}

static void a_client_is_known_when_all_of_it_holds(void **state)
{
	static const struct {
		int listener;
		const char *source, *user;
		size_t user_len;
		int client;
	} cases[] = {
		{-1, "172.30.0.10", "", 0, PROWLARR},
		{-1, "172.30.0.10", "anybody", 7, PROWLARR},
		{-1, "172.30.0.11", "", 0, POLICY_CLIENT_UNKNOWN},
		{-1, "192.168.1.7", "tv", 2, TV},
		{-1, "192.168.1.7", "", 0, POLICY_CLIENT_UNKNOWN},
		{-1, "192.168.2.7", "tv", 2, POLICY_CLIENT_UNKNOWN},
		{-1, "192.168.2.7", "ann", 3, PHONE},
		{-1, "192.168.2.7", "ANN", 3, POLICY_CLIENT_UNKNOWN},
		{-1, "fd00::7", "ann", 3, PHONE},
		{-1, "fd00::7", "ann\0x", 5, POLICY_CLIENT_UNKNOWN}, /* no C string */
		{-1, "fd00::7", "bob", 3, POLICY_CLIENT_UNKNOWN},
		{-1, "fd00::7", "bob\0x", 5, PHONE},
		{BROWSER, "10.9.8.7", "", 0, BROWSER},
		{BROWSER, "172.30.0.10", "", 0, BROWSER},
		{PROWLARR, "172.30.0.10", "", 0, PROWLARR},
		{PROWLARR, "172.30.0.11", "", 0, POLICY_CLIENT_UNKNOWN}, /* another at its port */
		{TV, "192.168.1.7", "", 0, POLICY_CLIENT_UNKNOWN},
		{99, "172.30.0.10", "", 0, PROWLARR},
	};
	struct policy *policy = family();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address source;

		assert_true(address_parse(cases[i].source, strlen(cases[i].source), &source));
		assert_int_equal(policy_identify(policy, cases[i].listener, &source, cases[i].user,
						 cases[i].user_len),
				 cases[i].client);
	}
	policy_free(policy);
}

static void without_rules_everything_is_denied(void **state)
{
	struct policy *policy = family();
	struct host host;
	struct verdict verdict;
	struct request request = {PROWLARR, &host, 443, TRANSPORT_TCP};

	(void)state;
	assert_true(host_parse("example.org", 11, &host));
	policy_decide(policy, &request, &verdict);
	assert_false(verdict.allowed);
	assert_int_equal(verdict.egress, POLICY_EGRESS_NONE);
	assert_int_equal(verdict.reason, VERDICT_NO_MATCH);
	assert_non_null(verdict.rule);
	assert_int_equal(verdict.rule->line, 0);
	policy_free(policy);
}

static void indexes_and_names_belong_together(void **state)
{
	struct policy *policy = family();

	(void)state;
	assert_int_equal(policy_client_count(policy), 4);
	assert_string_equal(policy_client_name(policy, TV), "tv");
	assert_string_equal(policy_client_name(policy, -1), "-");
	assert_string_equal(policy_client_name(policy, 4), "-");
	assert_string_equal(policy_egress_name(policy, 0), "-");
	assert_int_equal(policy_find_client(policy, "browser"), BROWSER);
	assert_int_equal(policy_find_client(policy, "nobody"), -1);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_known_when_all_of_it_holds),
		cmocka_unit_test(without_rules_everything_is_denied),
		cmocka_unit_test(indexes_and_names_belong_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
