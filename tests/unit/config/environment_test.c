/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Environment variables become a policy that the parser takes, or refuses by their name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/environment.h"
#include "config/report.h"

enum {
	VARIABLES_MAX = 8,
};

static char *policy_of(const char *const *variables)
{
	char *copy[VARIABLES_MAX + 1] = {NULL};
	char *text;

	for (size_t i = 0; i < VARIABLES_MAX && variables[i] != NULL; i++)
		copy[i] = strdup(variables[i]);
	errno = 0;
	text = environment_policy(copy);
	for (size_t i = 0; i < VARIABLES_MAX; i++)
		free(copy[i]);
	return text;
}

static const char *body_of(const char *text)
{
	assert_non_null(text);
	assert_int_equal(text[0], '#');
	return strchr(text, '\n') + 1;
}

static void variables_become_statements(void **state)
{
	static const struct {
		const char *variables[VARIABLES_MAX];
		const char *policy;
	} cases[] = {
		{{"EGRESSD_HOLD=5s"},
		 "egress vpn device tun0\nblock to private\nhold 5s\ndefault block\n"},
		{{"EGRESSD_UDP_PORTS=8200-8263"},
		 "egress vpn device tun0\nblock to private\nudp-ports 8200-8263\ndefault block\n"},
		{{"EGRESSD_FIREWALL=strict",
		  "EGRESSD_VPN_ENDPOINT=45.80.2.2:1194; 45.80.2.3:443 proto tcp"},
		 "egress vpn device tun0\nblock to private\nfirewall strict\n"
		 "vpn-endpoint 45.80.2.2:1194\nvpn-endpoint 45.80.2.3:443 proto tcp\n"
		 "default block\n"},
		{{"EGRESSD_EGRESS=device wg0 resolver 9.9.9.9", "PATH=/bin", "EGRESSD_ALLOW="},
		 "egress vpn device wg0 resolver 9.9.9.9\nblock to private\ndefault block\n"},
		{{"EGRESSD_CLIENT=a address 10.0.0.1; b address 10.0.0.2;\n  c address 10.0.0.3\n",
		  "EGRESSD_ALLOW=from a,b to any port 80,443"},
		 "client a address 10.0.0.1\nclient b address 10.0.0.2\nclient c address 10.0.0.3\n"
		 "egress vpn device tun0\nblock to private\n"
		 "vpn from a,b to any port 80,443\ndefault block\n"},
		/* A comment is a comment, whatever stands in it. */
		{{"EGRESSD_BLOCK=to private\n# once; allow all\nto *.example.org"},
		 "egress vpn device tun0\nblock to private\nblock to *.example.org\n"
		 "default block\n"},
		/* The order is the policy's, not the environment's. */
		{{"EGRESSD_ALLOW=to any", "EGRESSD_BLOCK=to any", "EGRESSD_LISTEN=127.0.0.1:1"},
		 "listen mixed 127.0.0.1:1\negress vpn device tun0\nblock to any\nvpn to any\n"
		 "default block\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = policy_of(cases[i].variables);

		assert_string_equal(body_of(text), cases[i].policy);
		free(text);
	}
}

static void without_a_variable_there_is_no_policy(void **state)
{
	static const char *const cases[][VARIABLES_MAX] = {{"PATH=/bin"},
							   {"EGRESSD_BUILD=x"},
							   {"EGRESSD_LISTENS=x"},
							   {"EGRESSD_LISTEN"},
							   {NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(policy_of(cases[i]));
		assert_int_equal(errno, ENOENT);
	}
}

static bool loads(const char *const *variables)
{
	struct config_report *report = config_report_new();
	char *text = policy_of(variables);
	struct config *config = config_parse(environment_name, text, strlen(text), report);
	bool loaded = config != NULL;

	config_unref(config);
	config_report_free(report);
	free(text);
	return loaded;
}

static void a_misspelt_variable_is_refused_and_not_ignored(void **state)
{
	static const char *const right[] = {"EGRESSD_LISTEN=127.0.0.1:8118", "EGRESSD_BLOCK=to any",
					    NULL};
	static const char *const wrong[] = {"EGRESSD_LISTEN=127.0.0.1:8118",
					    "EGRESSD_BLOCKS=to any", NULL};

	(void)state;
	assert_true(loads(right));
	assert_false(loads(wrong));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_become_statements),
		cmocka_unit_test(without_a_variable_there_is_no_policy),
		cmocka_unit_test(a_misspelt_variable_is_refused_and_not_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
