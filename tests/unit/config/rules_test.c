/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rules written in the file decide, asked as a client would. */
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
#include "config/explain.h"
#include "config_of.h"

static const char common[] = "listen mixed 127.0.0.1:8118\n"
			     "client prowlarr address 172.30.0.10\n"
			     "client tv address 192.168.1.0/24\n"
			     "client web address 172.30.0.11\n"
			     "egress vpn device tun0\n"
			     "egress us proxy socks5://172.31.0.5:1080\n"
			     "egress lan direct private\n"
			     "set ads *.ads.example, tracker.example\n"
			     "set nets 203.0.113.0/24, 2001:db8::/32\n"
			     "set both ads.example, 203.0.113.0/24\n";

struct question {
	const char *rules, *client, *target, *answer; /* the egress, or "block" */
	enum transport transport;
};

static void ask(const struct question *question)
{
	char text[2048];
	const char *problem, *answer;
	struct config *config;
	json_t *explained;

	snprintf(text, sizeof(text), "%s%s\n", common, question->rules);
	config = config_of(text);
	explained = config_explain(config, question->client, question->target,
				   question->transport == 0 ? TRANSPORT_TCP : question->transport,
				   &problem);
	if (explained == NULL)
		fail_msg("%s: %s", question->target, problem);
	answer = json_string_value(json_object_get(explained, "egress"));
	if (strcmp(answer == NULL ? "block" : answer, question->answer) != 0)
		fail_msg("'%s' says %s to %s %s", question->rules, answer, question->client,
			 question->target);
	json_decref(explained);
	config_unref(config);
}

static void rules_decide_as_they_read(void **state)
{
	static const struct question questions[] = {
		{"vpn to any", "prowlarr", "example.org:443", "vpn", 0},
		{"vpn to any", "10.9.9.9", "example.org:443", "vpn", 0}, /* no from: everyone */
		{"vpn from prowlarr", "prowlarr", "example.org:443", "vpn", 0},
		{"vpn from prowlarr", "tv", "example.org:443", "block", 0},
		{"vpn from prowlarr", "10.9.9.9", "example.org:443", "block", 0},
		{"vpn from prowlarr,web", "web", "example.org:443", "vpn", 0},
		{"vpn from not tv", "web", "example.org:443", "vpn", 0},
		{"vpn from not tv", "tv", "example.org:443", "block", 0},
		{"vpn from prowlarr,tv,not tv", "tv", "example.org:443", "block", 0},
		{"vpn to any port 80,443,8000-9000", "tv", "a.example:80", "vpn", 0},
		{"vpn to any port 80,443,8000-9000", "tv", "a.example:8500", "vpn", 0},
		{"vpn to any port 80,443,8000-9000", "tv", "a.example:9001", "block", 0},
		{"vpn to any proto udp", "tv", "a.example:443", "block", TRANSPORT_TCP},
		{"vpn to any proto udp", "tv", "a.example:443", "vpn", TRANSPORT_UDP},
		{"vpn to any", "tv", "a.example:443", "vpn", TRANSPORT_UDP},
		{"vpn to example.org", "tv", "EXAMPLE.org.:443", "vpn", 0},
		{"vpn to example.org", "tv", "www.example.org:443", "block", 0},
		{"vpn to *.example.org", "tv", "www.example.org:443", "vpn", 0},
		{"vpn to *.example.org", "tv", "example.org:443", "vpn", 0},
		{"vpn to b\xc3\xbc"
		 "cher.example",
		 "tv", "xn--bcher-kva.example:443", "vpn", 0},
		{"vpn to xn--bcher-kva.example", "tv",
		 "B\xc3\x9c"
		 "CHER.example:443",
		 "vpn", 0},
		{"block to set ads\nvpn to any", "tv", "x.ads.example:443", "block", 0},
		{"block to set ads\nvpn to any", "tv", "x.tracker.example:443", "vpn", 0},
		{"vpn to 203.0.113.0/24", "tv", "203.0.113.7:443", "vpn", 0},
		{"vpn to 2001:db8::/32", "tv", "[2001:db8::7]:443", "vpn", 0},
		{"vpn to ip-literal", "tv", "203.0.113.7:443", "vpn", 0},
		{"vpn to ip-literal", "tv", "example.org:443", "block", 0},
		{"vpn to not ip-literal", "tv", "203.0.113.7:443", "block", 0},
		{"vpn to not ip-literal", "tv", "example.org:443", "vpn", 0},
		{"block to private\nvpn to any", "tv", "192.168.1.10:443", "block", 0},
		{"block to private\nvpn to any", "tv", "[::ffff:10.0.0.1]:443", "block", 0},
		{"block to private\nvpn to any", "tv", "[64:ff9b::a00:1]:443", "block", 0},
		{"block to private\nvpn to any", "tv", "example.org:443", "vpn", 0},
		{"lan to private", "tv", "192.168.1.10:443", "lan", 0},
		{"vpn to *.example.org,not www.example.org", "tv", "a.example.org:1", "vpn", 0},
		{"vpn to *.example.org,not www.example.org", "tv", "www.example.org:1", "block", 0},
		{"block from tv\nvpn to any", "tv", "example.org:443", "block", 0},
		{"us to a.example\nvpn to any", "tv", "a.example:443", "us", 0},
		{"default us", "10.9.9.9", "a.example:443", "us", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(questions); i++)
		ask(&questions[i]);
}

static void what_cannot_be_compared_is_denied(void **state)
{
	static const struct question questions[] = {
		/* A name against addresses: */
		{"vpn to 203.0.113.0/24", "tv", "example.org:443", "block", 0},
		{"vpn to not 203.0.113.0/24", "tv", "example.org:443", "block", 0},
		{"vpn to not 203.0.113.0/24", "tv", "198.51.100.1:443", "vpn", 0},
		{"vpn to not set both", "tv", "example.org:443", "block", 0},
		{"block to not 203.0.113.0/24\nvpn to any", "tv", "example.org:443", "block", 0},
		{"block to 203.0.113.0/24\nvpn to any", "tv", "example.org:443", "vpn", 0},
		/* An address against names: */
		{"vpn to not set ads", "tv", "203.0.113.7:443", "block", 0},
		{"vpn to not set ads", "tv", "example.org:443", "vpn", 0},
		{"vpn to not set ads", "tv", "tracker.example:443", "block", 0},
		{"block to not set ads\nvpn to any", "tv", "203.0.113.7:443", "block", 0},
		/* Somebody unknown against clients: */
		{"vpn from not tv", "10.9.9.9", "example.org:443", "block", 0},
		{"block from not tv\nvpn to any", "10.9.9.9", "example.org:443", "block", 0},
		{"block from tv\nvpn to any", "10.9.9.9", "example.org:443", "vpn", 0},
		/* The guard makes sure of this one, where it sees the address: */
		{"vpn to not private", "tv", "example.org:443", "vpn", 0},
		{"vpn to not private", "tv", "10.0.0.1:443", "block", 0},
		{"us to not private", "tv", "example.org:443", "block", 0},
		{"lan to not private", "tv", "example.org:443", "block", 0},
		{"vpn to not private,not set ads", "tv", "example.org:443", "vpn", 0},
		{"vpn to not private,not set nets", "tv", "example.org:443", "block", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(questions); i++)
		ask(&questions[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_decide_as_they_read),
		cmocka_unit_test(what_cannot_be_compared_is_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
