/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the file says arrives in struct config, defaults included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "config/report.h"
#include "config_of.h"
#include "policy/policy.h"

static void assert_endpoint(const struct address *address, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format_endpoint(address, text), expected);
}

static void an_empty_file_has_the_defaults(void **state)
{
	struct config *config = config_of("");

	(void)state;
	assert_string_equal(config->path, "test.conf");
	assert_int_equal(config->hold_ms, 25000);
	assert_int_equal(config->handshake_timeout_ms, 15000);
	assert_int_equal(config->connect_timeout_ms, 20000);
	assert_int_equal(config->idle_timeout_ms, 600000);
	assert_string_equal(config->control_path, "/run/egressd/control.sock");
	assert_int_equal(config->log_level, LOG_INFO);
	assert_int_equal(config->log_format, LOG_TEXT);
	assert_true(config->log_hosts);
	assert_false(config->add_via);
	assert_int_equal(config->workers, 0);
	assert_false(config->firewall.strict);
	assert_int_equal(config->listener_count + config->forward_count, 0);
	config_unref(config);
}

static void settings_arrive(void **state)
{
	struct config *config = config_of("hold 0s\ntimeout handshake 500ms\ntimeout connect 5s\n"
					  "timeout idle 24h\ncontrol /tmp/x.sock\n"
					  "log level debug format json\nlog hosts no\nvia yes\n"
					  "workers 3\nudp-ports 4000-5000\nclient a\nclient b\n"
					  "limit client b sessions 64\nfirewall strict\n"
					  "vpn-endpoint 198.51.100.7:51820 mark 51820\n"
					  "vpn-endpoint [2001:db8::7]:443 proto tcp\n"
					  "heal prowlarr http://[fd00::10]:9696/base key-file "
					  "\"/my key\" after 2m\n");

	(void)state;
	assert_true(config->firewall.strict);
	assert_int_equal(config->firewall.endpoint_count, 2);
	assert_endpoint(&config->firewall.endpoints[0].address, "198.51.100.7:51820");
	assert_int_equal(config->firewall.endpoints[0].mark, 51820);
	assert_false(config->firewall.endpoints[0].over_tcp);
	assert_endpoint(&config->firewall.endpoints[1].address, "[2001:db8::7]:443");
	assert_int_equal(config->firewall.endpoints[1].mark, 0);
	assert_true(config->firewall.endpoints[1].over_tcp);
	assert_int_equal(config->hold_ms, 0);
	assert_int_equal(config->handshake_timeout_ms, 500);
	assert_int_equal(config->connect_timeout_ms, 5000);
	assert_int_equal(config->idle_timeout_ms, 86400000);
	assert_string_equal(config->control_path, "/tmp/x.sock");
	assert_int_equal(config->log_level, LOG_DEBUG);
	assert_int_equal(config->log_format, LOG_JSON);
	assert_false(config->log_hosts);
	assert_true(config->add_via);
	assert_int_equal(config->workers, 3);
	assert_int_equal(config->udp_port_low, 4000);
	assert_int_equal(config->udp_port_high, 5000);
	assert_int_equal(config->client_session_limits[0], 0);
	assert_int_equal(config->client_session_limits[1], 64);
	assert_string_equal(config->heal.url, "http://[fd00::10]:9696/base");
	assert_endpoint(&config->heal.target, "[fd00::10]:9696");
	assert_string_equal(config->heal.key_file, "/my key");
	assert_int_equal(config->heal.after_ms, 120000);
	config_unref(config);
}

static void listeners_and_forwards_arrive(void **state)
{
	struct config *config = config_of(
		"listen mixed 127.0.0.1:8118\n"
		"listen http [::1]:8443 tls /c.pem \"/my key.pem\" auth \"/etc/my users\" as b\n"
		"listen socks 127.0.0.1:1080\n"
		"forward 0.0.0.0:9696 to 10.0.0.1:9697 from 192.168.0.0/16,b\n"
		"forward 127.0.0.1:1 to 10.0.0.1:2\n"
		"client a\nclient b address 10.0.0.5, fd00::/8\n");

	(void)state;
	assert_int_equal(config->listener_count, 3);
	assert_int_equal(config->listeners[0].kind, LISTEN_MIXED);
	assert_int_equal(config->listeners[0].client, POLICY_CLIENT_UNKNOWN);
	assert_null(config->listeners[0].auth_file);
	assert_endpoint(&config->listeners[1].address, "[::1]:8443");
	assert_int_equal(config->listeners[1].client, 1);
	assert_string_equal(config->listeners[1].tls_key_file, "/my key.pem");
	assert_string_equal(config->listeners[1].tls_certificate_file, "/c.pem");
	assert_string_equal(config->listeners[1].auth_file, "/etc/my users");
	assert_int_equal(config->listeners[2].line, 3);
	assert_int_equal(config->forward_count, 2);
	assert_endpoint(&config->forwards[0].target, "10.0.0.1:9697");
	assert_int_equal(config->forwards[0].from_count, 3);
	assert_int_equal(config->forwards[0].from[1].bits, 32);
	assert_int_equal(config->forwards[1].from_count, 0);
	config_unref(config);
}

static void egresses_arrive_by_the_policys_index(void **state)
{
	struct config *config =
		config_of("egress vpn device tun0 private resolver 127.0.0.1,[::1]:5353 "
			  "gluetun http://127.0.0.1:8000 key-file /k probe 1.1.1.1:443 every 2s\n"
			  "egress us proxy socks5://user:pass@172.31.0.5:1080\n"
			  "egress home direct\n");

	(void)state;
	assert_int_equal(config->egress_count, 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(policy_egress_name(config->policy, i),
				    config->egresses[i].name);
	assert_int_equal(config->egresses[0].kind, EGRESS_DEVICE);
	assert_string_equal(config->egresses[0].device, "tun0");
	assert_true(config->egresses[0].allow_private);
	assert_int_equal(config->egresses[0].resolver_count, 2);
	assert_endpoint(&config->egresses[0].resolvers[0], "127.0.0.1:53");
	assert_endpoint(&config->egresses[0].resolvers[1], "[::1]:5353");
	assert_string_equal(config->egresses[0].gluetun_url, "http://127.0.0.1:8000");
	assert_endpoint(&config->egresses[0].probe_target, "1.1.1.1:443");
	assert_int_equal(config->egresses[0].probe_every_ms, 2000);
	assert_string_equal(config->egresses[1].upstream_url, "socks5://user:pass@172.31.0.5:1080");
	assert_int_equal(config->egresses[1].resolver_count, 0);
	assert_int_equal(config->egresses[2].kind, EGRESS_DIRECT);
	assert_endpoint(&config->egresses[2].resolvers[0], "9.9.9.9:53");
	assert_endpoint(&config->egresses[2].resolvers[1], "1.1.1.1:53");
	assert_int_equal(config->egresses[2].probe_target.family, AF_UNSPEC);
	assert_int_equal(config->egresses[2].probe_every_ms, 3000);
	config_unref(config);
}

static void a_rule_tells_where_it_stands_and_how_it_reads(void **state)
{
	struct config *config = config_of("egress vpn device tun0\n\n"
					  "  vpn   to any\tport 443   # why\n");
	struct host host;
	struct request request = {POLICY_CLIENT_UNKNOWN, &host, 443, TRANSPORT_TCP};
	struct verdict verdict;

	(void)state;
	assert_true(host_parse("a.example", 9, &host));
	policy_decide(config->policy, &request, &verdict);
	assert_true(verdict.allowed);
	assert_int_equal(verdict.egress, 0);
	assert_int_equal(verdict.rule->line, 3);
	assert_string_equal(verdict.rule->file, "test.conf");
	assert_string_equal(verdict.rule->text, "vpn   to any\tport 443");
	config_unref(config);
}

static void the_last_reference_frees(void **state)
{
	struct config *config = config_of("hold 5s\n");

	(void)state;
	assert_ptr_equal(config_ref(config), config);
	config_unref(config);
	assert_int_equal(config->hold_ms, 5000);
	config_unref(config);
	config_unref(NULL);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	static const char *const paths[] = {"/nonexistent/egress.conf", "/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct config_report *report = config_report_new();

		assert_null(config_load(paths[i], report));
		assert_int_equal(config_report_count(report, PROBLEM_ERROR), 1);
		assert_int_equal(config_report_at(report, 0)->line, 0);
		config_report_free(report);
	}
}

static void the_shipped_policy_loads_without_a_word(void **state)
{
	struct config_report *report = config_report_new();
	struct config *config = config_load("compose/egress.conf", report);

	(void)state;
	assert_non_null(config);
	assert_int_equal(config_report_total(report), 0);
	assert_int_equal(config->listener_count, 2);
	assert_int_equal(config->forward_count, 2);
	config_unref(config);
	config_report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_has_the_defaults),
		cmocka_unit_test(settings_arrive),
		cmocka_unit_test(listeners_and_forwards_arrive),
		cmocka_unit_test(egresses_arrive_by_the_policys_index),
		cmocka_unit_test(a_rule_tells_where_it_stands_and_how_it_reads),
		cmocka_unit_test(the_last_reference_frees),
		cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
		cmocka_unit_test(the_shipped_policy_loads_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
