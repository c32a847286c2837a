/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that do nothing, or less than they seem to, are named; those that do are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/report.h"

static const char common[] = "listen mixed 127.0.0.1:8118\n"
			     "client a address 10.0.0.1\n"
			     "client b address 10.0.0.2\n"
			     "egress vpn device tun0\n"
			     "egress us proxy socks5://172.31.0.5:1080\n"
			     "set x *.x.example, 203.0.113.0/24\n"
			     "set y a.x.example\n"
			     "vpn from a,b to set x, set y port 1\n" /* all are used */
			     "us to used.example port 1\n";

/* The only warning of the file, or "". */
static void warning_of(const char *head, const char *rules, char *warning, size_t size)
{
	struct config_report *report = config_report_new();
	struct config *config;
	char text[2048];

	snprintf(text, sizeof(text), "%s%s", head, rules);
	config = config_parse("test.conf", text, strlen(text), report);
	if (config == NULL)
		fail_msg("%s", config_report_text(report, "test.conf"));
	if (config_report_total(report) > 1)
		fail_msg("%s", config_report_text(report, "test.conf"));
	snprintf(warning, size, "%s",
		 config_report_total(report) == 0 ? "" : config_report_at(report, 0)->message);
	config_unref(config);
	config_report_free(report);
}

static void a_rule_that_never_matches_names_the_one_above(void **state)
{
	static const struct {
		const char *rules;
		bool shadowed; /* the last one, by line 10 */
	} cases[] = {
		{"vpn to any\nus from a to b.example\n", true},
		{"vpn from a\nus from a to b.example\n", true},
		{"vpn from a\nus from b to b.example\n", false},
		{"vpn from a\nus to b.example\n", false},   /* everyone is more than a */
		{"vpn from a,b\nus to b.example\n", false}, /* and more than a and b */
		{"vpn from a,b\nus from b,a\n", true},
		{"vpn from not b\nus from a\n", true},
		{"block from not b\nus from a port 7\n", true},
		{"vpn to any port 80,443\nus to any port 443\n", true},
		{"vpn to any port 80-90\nus to any port 85,86-90\n", true},
		{"vpn to any port 80-90\nus to any port 85,91\n", false},
		{"vpn to any port 80\nus to any\n", false},
		{"vpn to any port 80-85,86-90\nus to any port 84-88\n", true},
		{"vpn to any proto udp\nus to any proto tcp\n", false},
		{"vpn to any\nus to any proto tcp\n", true},
		{"vpn to *.b.example\nus to www.b.example, b.example\n", true},
		{"vpn to b.example\nus to *.b.example\n", false},
		{"vpn to set x\nus to set x\n", true},
		{"vpn to set x\nus to set y\n", true},
		{"vpn to set y\nus to set x\n", false},
		{"vpn to set x\nus to q.x.example\n", true},
		{"vpn to 203.0.113.0/24\nus to 203.0.113.128/25\n", true},
		{"vpn to 203.0.113.128/25\nus to 203.0.113.0/24\n", false},
		{"vpn to ip-literal\nus to 203.0.113.0/24\n", true},
		{"vpn to ip-literal\nlan to private\n", true},
		{"vpn to private\nus to ip-literal\n", false},
		{"vpn to *.b.example, not www.b.example\nus to a.b.example\n", false},
		{"vpn to *.b.example\nus to *.b.example, not a.b.example\n", true},
	};
	char warning[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char rules[512];

		snprintf(rules, sizeof(rules), "%s%s", cases[i].rules,
			 strstr(cases[i].rules, "lan") == NULL ? ""
							       : "egress lan direct private\n");
		warning_of(common, rules, warning, sizeof(warning));
		if (strcmp(warning, cases[i].shadowed ? "this rule can never match: line 10 always "
							"comes first"
						      : "") != 0)
			fail_msg("%s: %s", cases[i].rules, warning);
	}
}

static void what_does_less_than_it_seems_is_told(void **state)
{
	static const struct {
		const char *rules, *warning;
	} cases[] = {
		{"", ""},
		{"set z a.example\n", "set 'z' is never used"},
		{"egress home direct\n", "egress 'home' is never used: nothing leaves by it"},
		{"client c address 10.0.0.3\n", "client 'c' is never used by a rule"},
		{"client c\nvpn from c port 7\n", "nobody is ever known as client 'c'"},
		{"client c\nvpn from c port 7\nlisten http 127.0.0.1:1 as c\n", ""},
		{"block to 203.0.113.0/24 port 7\n",
		 "only requests by address are blocked here, not names that lead there"},
		{"block to 10.0.0.0/8 port 7\n", ""},
		{"block to 0.0.0.0/0 port 7\n",
		 "only requests by address are blocked here, not names that lead there"},
		{"vpn to not 203.0.113.0/24 port 7\n",
		 "'not' with addresses: no request by name ever matches"},
		{"vpn to not private port 7\n", ""},
		{"us to not private port 7\n",
		 "'not' with addresses: no request by name ever matches"},
		{"default block\nvpn to c.example\n",
		 "this rule stands below the default in line 10, but comes first"},
	};
	char warning[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		warning_of(common, cases[i].rules, warning, sizeof(warning));
		if (strcmp(warning, cases[i].warning) != 0)
			fail_msg("%s: %s", cases[i].rules, warning);
	}
	warning_of("", "", warning, sizeof(warning));
	assert_string_equal(warning, "nothing listens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_that_never_matches_names_the_one_above),
		cmocka_unit_test(what_does_less_than_it_seems_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
