/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A policy opens exactly the packets it needs, and says when rules cannot be made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/rules.h"
#include "config_of.h"
#include "firewall/ruleset_text.h"

#define VPN "egress vpn device tun0\n"
#define DIRECT                                                                                     \
	"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"                             \
	"egress home direct resolver 8.8.4.4\n"
#define BASE "listen mixed 172.30.0.2:8118\n" VPN

static struct config_rules *rules_of(const struct config *config, const char **problem)
{
	const struct config_rules_options options = {.uid = 1900, .bridge = "egress-apps"};

	return config_rules_new(config, &options, problem);
}

/* The gateway's rules as text. */
static char *gateway_of(const char *policy)
{
	struct config *config = config_of(policy);
	const char *problem = NULL;
	struct config_rules *rules = rules_of(config, &problem);
	struct firewall_rules derived;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(rules);
	assert_int_equal(firewall_derive(firewall_kind_of(config_rules_policy(rules)),
					 config_rules_policy(rules), NULL, &derived, &problem),
			 0);
	ruleset_print(&derived.tables[0], out);
	fclose(out);
	firewall_rules_clear(&derived);
	config_rules_free(rules);
	config_unref(config);
	return text;
}

static void a_policy_opens_what_it_needs(void **state)
{
	static const struct {
		const char *policy, *line;
		bool is_there;
	} cases[] = {
		{BASE "client a address 172.30.0.10\nvpn from a\n",
		 "ct original ip saddr 172.30.0.10 ip saddr 172.30.0.2 tcp sport 8118", true},
		/* A login can come from anywhere, and so can somebody whom a rule lets pass unseen.
		 */
		{BASE "client a address 172.30.0.10\nclient b user b\nvpn from a,b\n",
		 "ct original", false},
		{BASE "client a address 172.30.0.10\nvpn to any\n", "ct original", false},
		{BASE "client a address 172.30.0.10\nvpn from not a\n", "ct original", true},
		{BASE "client a address 172.30.0.10\nvpn from a\ndefault vpn\n", "ct original",
		 false},
		{BASE "client a address 172.30.0.10\nvpn from a\ndefault block\n", "ct original",
		 true},
		/* Whoever has a listener of his own comes to that one. */
		{BASE "listen socks 172.30.0.2:8119 as b\nclient a address 172.30.0.10\nclient b\n"
		      "vpn from a,b\n",
		 "\t\tct direction reply ip saddr 172.30.0.2 tcp sport 8119", true},
		{BASE "listen socks 172.30.0.2:8119 as b\nclient a address 172.30.0.10\nclient b\n"
		      "vpn from a,b\n",
		 "ct original ip saddr 172.30.0.10 ip saddr 172.30.0.2 tcp sport 8118", true},
		{"listen http 172.30.0.2:8118\n" VPN "client a address 172.30.0.10\nvpn from a\n",
		 "udp", false},
		{BASE "udp-ports 4000-4009\nclient a address 172.30.0.10\nvpn from a\n",
		 "udp sport 4000-4009", true},
		{BASE "client a address 172.30.0.10\nvpn from a\n", "udp sport 32768-60999", true},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress vpn device tun0 gluetun http://127.0.0.1:8000\nvpn from a\n",
		 "ip daddr 127.0.0.1 tcp dport 8000", true},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress vpn device tun0 gluetun http://127.0.0.1:8000\nvpn from a\n",
		 "ip daddr 127.0.0.1 tcp dport 9999", true},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress vpn device tun0 gluetun http://10.0.0.1:8000\nvpn from a\n",
		 "tcp dport 9999", false},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress vpn device tun0 gluetun http://localhost\nvpn from a\n",
		 "ip daddr 127.0.0.1 tcp dport 80 ", true},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress vpn device tun0 resolver 127.0.0.1\nvpn from a\n",
		 "ip daddr 127.0.0.1 udp dport 53", true},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress vpn device tun0 resolver 9.9.9.9\nvpn from a\n",
		 "9.9.9.9", false},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress us proxy socks5://me:secret@172.31.0.5:1081\nus from a\n",
		 "ip daddr 172.31.0.5 tcp dport 1081", true},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress us proxy socks5://me:secret@172.31.0.5:1081\nus from a\n",
		 "oifname \"tun0\"", false},
		/* Strict: the VPN to its endpoints, by the mark if one is named, and nobody else.
		 */
		{BASE "client a address 172.30.0.10\nvpn from a\nfirewall strict\n"
		      "vpn-endpoint 45.80.2.2:51820 mark 51820\n",
		 "meta mark 0x0000ca6c ip daddr 45.80.2.2 udp dport 51820 counter name ok_endpoint "
		 "accept",
		 true},
		{BASE "client a address 172.30.0.10\nvpn from a\nfirewall strict\n"
		      "vpn-endpoint [2a0e::2]:443 proto tcp\n",
		 "\t\tip6 daddr 2a0e::2 tcp dport 443 counter name ok_endpoint accept", true},
		{BASE "client a address 172.30.0.10\nvpn from a\nvpn-endpoint 45.80.2.2:51820\n",
		 "policy drop", false},
		{BASE "client a address 172.30.0.10\nvpn from a\nvpn-endpoint 45.80.2.2:51820\n",
		 "45.80.2.2", false},
		/* Direct: to the world, but names of its resolvers alone, and nothing private. */
		{DIRECT "home from a\n",
		 "ip daddr 8.8.4.4 udp dport 53 counter name ok_direct accept", true},
		{DIRECT "home from a\n", "udp dport 53 goto own_refused", true},
		{DIRECT "home from a\n", "ip daddr & 255.255.0.0 @special_16 goto own_refused",
		 true},
		{DIRECT "home from a\n", "forward priority -5; policy drop", true},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress home direct private\nhome from a\n",
		 "@special_16", false},
		/* Private: within the namespace as well. */
		{DIRECT "home from a\n",
		 "own_local {\n\t\tct direction reply counter name ok_client accept\n\t\tip daddr "
		 "172.30.0.2 tcp dport 8118 counter name ok_client accept\n\t\tmeta l4proto tcp "
		 "counter name blk_own",
		 true},
		{"listen mixed 172.30.0.2:8118\nclient a address 172.30.0.10\n"
		 "egress home direct private resolver 8.8.4.4\nhome from a\n",
		 "own_local {\n\t\tct direction reply counter name ok_client accept\n\t\tip daddr "
		 "172.30.0.2 tcp dport 8118 counter name ok_client accept\n\t\tip daddr 8.8.4.4",
		 true},
		{BASE "heal prowlarr http://172.30.0.10:9696 key-file /k\n"
		      "client a address 172.30.0.10\nvpn from a\n",
		 "ip daddr 172.30.0.10 tcp dport 9696", true},
		{BASE "egress two device tun1\nclient a address 172.30.0.10\nvpn from a\n"
		      "two from a\n",
		 "oifname \"tun1\" counter name ok_tunnel accept", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = gateway_of(cases[i].policy);

		if ((strstr(text, cases[i].line) != NULL) != cases[i].is_there)
			fail_msg("case %zu: '%s' %s\n%s", i, cases[i].line,
				 cases[i].is_there ? "is missing" : "is there", text);
		free(text);
	}
}

static void what_rules_cannot_be_made_of_is_told(void **state)
{
	static const struct {
		const char *policy, *words;
	} cases[] = {
		{"listen mixed 172.30.0.2:8118\negress us proxy http://proxy.example:3128\nus to "
		 "any\n",
		 "by a name"},
		{"listen mixed 172.30.0.2:8118\negress vpn device tun0 gluetun "
		 "http://gluetun:8000\nvpn to any\n",
		 "by a name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config *config = config_of(cases[i].policy);
		const char *problem = NULL;

		assert_null(rules_of(config, &problem));
		if (strstr(problem, cases[i].words) == NULL)
			fail_msg("'%s' does not say '%s'", problem, cases[i].words);
		config_unref(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_opens_what_it_needs),
		cmocka_unit_test(what_rules_cannot_be_made_of_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
