/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An explanation says what would happen, and the config shows no secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/explain.h"
#include "config/export.h"
#include "config_of.h"

static const char policy[] = "listen mixed 127.0.0.1:8118\n"
			     "client prowlarr address 172.30.0.10\n"
			     "client tv address 172.30.0.11 user tv\n"
			     "egress vpn device tun0\n"
			     "egress us proxy socks5://me:secret@172.31.0.5:1080\n"
			     "egress lan direct private\n"
			     "block to blocked.example\n"
			     "lan to 192.168.0.0/16\n"
			     "us from tv\n"
			     "vpn to any\n";

static void explanations_read_as_sentences(void **state)
{
	static const struct {
		const char *client, *target, *text; /* the first lines */
	} cases[] = {
		{"prowlarr", "https://1337x.to/path?q",
		 "prowlarr may reach 1337x.to:443 by vpn\n"
		 "  rule      test.conf:10  vpn to any\n"
		 "  name      asked of 9.9.9.9:53, 1.1.1.1:53 through tun0\n"
		 "  passed    line 7  block to blocked.example (another destination)\n"
		 "            line 8  lan to 192.168.0.0/16 (names and addresses cannot be "
		 "compared)\n"
		 "            line 9  us from tv (another client)\n"},
		{"172.30.0.10", "http://user:x@1337x.to",
		 "prowlarr may reach 1337x.to:80 by vpn\n"},
		{"tv@172.30.0.11", "1337x.to",
		 "tv may reach 1337x.to:443 by us\n"
		 "  rule      test.conf:9  us from tv\n"
		 "  name      passed on unresolved to socks5://172.31.0.5:1080\n"},
		{"172.30.0.11", "1337x.to:70", "an unknown client may reach 1337x.to:70 by vpn\n"},
		{"prowlarr", "wss://blocked.example",
		 "prowlarr may not reach blocked.example:443\n"
		 "  rule      test.conf:7  block to blocked.example\n"},
		{"prowlarr", "https://[::1]/",
		 "prowlarr may not reach [::1]:443\n"
		 "  rule      test.conf:10  vpn to any\n"
		 "  guard     refuses: loopback, the egress is not private\n"},
		{"prowlarr", "192.168.1.1:80",
		 "prowlarr may reach 192.168.1.1:80 by lan\n"
		 "  rule      test.conf:8  lan to 192.168.0.0/16\n"
		 "  guard     lets it pass: private, the egress is private\n"},
		{"prowlarr", "127.0.0.1:8118",
		 "prowlarr may not reach 127.0.0.1:8118\n"
		 "  rule      test.conf:10  vpn to any\n"
		 "  guard     refuses: loopback, our own listener\n"},
		{"prowlarr", "router:80",
		 "prowlarr may not reach router:80\n"
		 "  rule      test.conf:10  vpn to any\n"
		 "  name      refused: a local name"},
	};
	struct config *config = config_of(policy);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *problem;
		json_t *explained = config_explain(config, cases[i].client, cases[i].target,
						   TRANSPORT_TCP, &problem);
		char *text;

		assert_non_null(explained);
		text = config_explain_text(explained);
		if (strncmp(text, cases[i].text, strlen(cases[i].text)) != 0)
			fail_msg("%s", text);
		free(text);
		json_decref(explained);
	}
	config_unref(config);
}

static void what_is_not_understood_is_said(void **state)
{
	static const struct {
		const char *client, *target, *problem;
	} cases[] = {
		{"nobody", "a.example:1", "no client"},
		{"prowlarr", "", "host"},
		{"prowlarr", "a.example:0", "port"},
		{"prowlarr", "a.example:65536", "port"},
		{"prowlarr", "a.example:", "port"},
		{"prowlarr", "gopher://a.example", "port"},
		{"prowlarr", "https://a..b/", "host"},
		{"prowlarr", "127.1:80", "host"},
		{"a@nobody", "a.example:1", "no client"},
	};
	struct config *config = config_of(policy);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *problem = "";

		assert_null(config_explain(config, cases[i].client, cases[i].target, TRANSPORT_TCP,
					   &problem));
		if (strstr(problem, cases[i].problem) == NULL)
			fail_msg("%s: %s", cases[i].target, problem);
	}
	config_unref(config);
}

static void no_secret_is_shown(void **state)
{
	struct config *config = config_of(policy);
	json_t *json = config_to_json(config);
	char *text = json_dumps(json, 0);

	(void)state;
	assert_non_null(text);
	assert_null(strstr(text, "secret"));
	assert_non_null(strstr(text, "172.31.0.5:1080"));
	assert_int_equal(json_array_size(json_object_get(json, "egresses")), 3);
	free(text);
	json_decref(json);
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explanations_read_as_sentences),
		cmocka_unit_test(what_is_not_understood_is_said),
		cmocka_unit_test(no_secret_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
