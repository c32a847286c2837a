/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of the control API with a daemon that this file plays. */
#include "egressd/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/egressd/api.c"
#include "../../../src/egressd/api_metrics.c"
#include "../../../src/egressd/api_rules.c"
#include "../../../src/egressd/api_status.c"
#include "../control/loop.h"
#include "base/version.h"
#include "config/report.h"
#include "control/client.h"

struct fake {
	struct loop loop;
	struct api *api;
	struct api_status status;
	struct config *config;
	struct event *later; /* answers what was asked last, from the event loop */
	api_connections_done_fn *connections_done;
	void *arg;
	char folder[32];
	char path[64];
};

static const char policy_text[] = "listen mixed 127.0.0.1:8118\n"
				  "client prowlarr address 172.30.0.10\n"
				  "egress vpn device tun0\n"
				  "vpn from prowlarr to any port 443\n"
				  "default block\n";

static const struct tunnel_status up = {.state = TUNNEL_UP,
					.epoch = 3,
					.device = "tun0",
					.ifindex = 14,
					.since_ms = 1000,
					.probes_sent = 9,
					.reason = "probe answered"};
static const struct gluetun_status gluetun = {.asked_at_ms = 1,
					      .control = GLUETUN_ANSWERED,
					      .health = GLUETUN_HEALTHY,
					      .vpn = "running",
					      .country = "United States"};
static const struct api_egress egresses[] = {{.name = "vpn",
					      .kind = "device",
					      .tunnel = &up,
					      .gluetun_url = "http://me:secret@127.0.0.1:8000",
					      .gluetun = &gluetun},
					     {.name = "vpn2", .kind = "device", .tunnel = &up},
					     {.name = "home", .kind = "direct"}};
static const struct api_session_count sessions[] = {{"connect", 5}, {"socks5", 2}, {"udp", 1}};
static const struct api_request_count requests[] = {
	{"vpn", "ok", 5}, {"home", "ok", 2}, {"-", "refused", 1}};
static const struct api_refusal_count refusals[] = {{"policy", 1}};

static const struct api_status *fake_status(void *daemon)
{
	struct fake *fake = daemon;

	return &fake->status;
}

static struct config *fake_config(void *daemon)
{
	struct fake *fake = daemon;

	return config_ref(fake->config);
}

static void fake_on_later(evutil_socket_t fd, short what, void *arg)
{
	struct fake *fake = arg;
	const struct api_connection list[] = {
		{.id = 7,
		 .client = "prowlarr",
		 .user = "t\xff"
			 "v",
		 .source = {.family = AF_INET, .port = 4000, .bytes = {172, 30, 0, 10}},
		 .method = "CONNECT",
		 .host = "a.example",
		 .port = 443,
		 .egress = "vpn",
		 .epoch = 3,
		 .state = "relaying",
		 .started_at_ms = 5,
		 .bytes_sent = 1},
		{.id = 8, .source = {.family = AF_INET}},
	};

	(void)fd;
	(void)what;
	fake->connections_done(fake->arg, list, ARRAY_LEN(list));
}

static void fake_connections(void *daemon, api_connections_done_fn *done, void *arg)
{
	const struct timeval at_once = {0};
	struct fake *fake = daemon;

	fake->connections_done = done;
	fake->arg = arg;
	event_add(fake->later, &at_once);
}

static void fake_kill(void *daemon, uint64_t id, api_kill_done_fn *done, void *arg)
{
	(void)daemon;
	done(arg, id == 7 || id == UINT64_MAX);
}

static void fake_reload(void *daemon, api_reload_done_fn *done, void *arg)
{
	struct fake *fake = daemon;

	if (fake->status.last_reload_error)
		done(arg, false, fake->status.last_reload_error);
	else
		done(arg, true, NULL);
}

static const struct api_backend backend = {.status = fake_status,
					   .config = fake_config,
					   .connections = fake_connections,
					   .kill = fake_kill,
					   .reload = fake_reload};

static const struct warden_report rules_off = {.rules = WARDEN_RULES_OFF};

static int setup_config(struct fake *fake)
{
	struct config_report *report = config_report_new();

	fake->config = config_parse("egress.conf", policy_text, sizeof(policy_text) - 1, report);
	config_report_free(report);
	return fake->config ? 0 : -1;
}

static int setup(void **state)
{
	struct fake *fake = calloc(1, sizeof(*fake));
	int fd;

	*state = fake;
	fake->status = (struct api_status){.started_at_ms = 1700000000042,
					   .log_lines_lost = 12,
					   .config_path = "egress.conf",
					   .rules = &rules_off,
					   .seccomp = "on",
					   .egresses = egresses,
					   .egress_count = ARRAY_LEN(egresses),
					   .sessions = sessions,
					   .session_count = ARRAY_LEN(sessions),
					   .requests = requests,
					   .request_count = ARRAY_LEN(requests),
					   .refusals = refusals,
					   .refusal_count = ARRAY_LEN(refusals),
					   .last_refusals = {{.at_ms = 5, .client = "tv"}},
					   .last_refusal_count = 1};
	strcpy(fake->folder, "/tmp/api_test.XXXXXX");
	if (!mkdtemp(fake->folder) || setup_config(fake) < 0)
		return -1;
	snprintf(fake->path, sizeof(fake->path), "%s/socket", fake->folder);
	fd = control_listen(fake->path);
	loop_init(&fake->loop);
	fake->later = evtimer_new(fake->loop.base, fake_on_later, fake);
	fake->api = api_new(fake->loop.base, fd, &backend, fake);
	return fake->api ? loop_start(&fake->loop) : -1;
}

static int teardown(void **state)
{
	struct fake *fake = *state;

	if (loop_stop(&fake->loop) != 0)
		return -1;
	api_free(fake->api);
	event_free(fake->later);
	loop_clear(&fake->loop);
	config_unref(fake->config);
	unlink(fake->path);
	rmdir(fake->folder);
	free(fake);
	return 0;
}

/* The answer's body, to be given back; NULL when the status is another. */
static json_t *ask(struct fake *fake, const char *method, const char *path, const char *body,
		   int status)
{
	json_t *question = body ? json_loads(body, 0, NULL) : NULL;
	struct control_answer answer;

	if (control_call(fake->path, method, path, question, &answer) < 0)
		fail_msg("%s: %s", path, answer.problem);
	json_decref(question);
	if (answer.status != status)
		fail_msg("%s %s: status %d", method, path, answer.status);
	return answer.body;
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
	assert_string_equal(json_string_value(json_object_get(object, key)), text);
}

static void expect_number(const json_t *object, const char *key, json_int_t number)
{
	assert_int_equal(json_integer_value(json_object_get(object, key)), number);
}

static void api_status_tells_what_the_daemon_measured(void **state)
{
	json_t *answer = ask(*state, "GET", "/v1/status", NULL, 200);
	const json_t *list = json_object_get(answer, "egresses");
	const json_t *tunnel = json_object_get(json_array_get(list, 0), "tunnel");

	expect_text(tunnel, "state", "up");
	expect_number(tunnel, "epoch", 3);
	assert_true(json_is_null(json_object_get(tunnel, "ipv4")));
	assert_true(json_is_null(json_object_get(json_array_get(list, 2), "tunnel")));
	/* Of the URL of Gluetun's control server, no login. */
	expect_text(json_object_get(json_array_get(list, 0), "gluetun"), "server",
		    "127.0.0.1:8000");
	expect_text(json_object_get(json_array_get(list, 0), "gluetun"), "country",
		    "United States");
	assert_true(json_is_null(json_object_get(json_array_get(list, 1), "gluetun")));
	expect_text(json_object_get(answer, "firewall"), "state", "off");
	expect_number(json_object_get(answer, "requests"), "ok", 7);
	expect_number(json_object_get(answer, "sessions"), "total", 8);
	assert_true(json_is_null(json_object_get(
		json_array_get(json_object_get(answer, "last_refusals"), 0), "host")));
	json_decref(answer);
}

static void api_connections_come_when_the_workers_have_told(void **state)
{
	json_t *answer = ask(*state, "GET", "/v1/connections", NULL, 200);
	const json_t *list = json_object_get(answer, "connections");

	assert_int_equal(json_array_size(list), 2);
	expect_text(json_array_get(list, 0), "user", "t?v");
	expect_text(json_array_get(list, 0), "source", "172.30.0.10:4000");
	assert_true(json_is_null(json_object_get(json_array_get(list, 1), "host")));
	json_decref(answer);
}

static void api_ends_only_connections_that_are_numbers(void **state)
{
	static const struct {
		const char *path;
		int status;
	} cases[] = {
		{"/v1/connections/7", 200},
		{"/v1/connections/18446744073709551615", 200},
		{"/v1/connections/8", 404},
		{"/v1/connections/", 400},
		{"/v1/connections/07", 400},
		{"/v1/connections/+7", 400},
		{"/v1/connections/7x", 400},
		{"/v1/connections/-1", 400},
		{"/v1/connections/18446744073709551616", 400},
		{"/v1/connections", 405},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		json_decref(ask(*state, "DELETE", cases[i].path, NULL, cases[i].status));
}

static void api_reload_tells_that_the_old_policy_stays(void **state)
{
	struct fake *fake = *state;
	json_t *answer = ask(fake, "POST", "/v1/reload", NULL, 200);

	assert_true(json_is_true(json_object_get(answer, "reloaded")));
	json_decref(answer);
	__atomic_store_n(&fake->status.last_reload_error, "egress.conf:1:1: error: no",
			 __ATOMIC_RELEASE);
	answer = ask(fake, "POST", "/v1/reload", NULL, 422);
	assert_true(json_is_false(json_object_get(answer, "reloaded")));
	expect_text(answer, "report", "egress.conf:1:1: error: no");
	json_decref(answer);
}

static void api_explains_by_the_policy_in_force(void **state)
{
	static const struct {
		const char *body;
		int status;
		bool allowed;
	} cases[] = {
		{"{\"client\":\"prowlarr\",\"target\":\"a.example:443\"}", 200, true},
		{"{\"client\":\"prowlarr\",\"target\":\"a.example:80\"}", 200, false},
		{"{\"client\":\"prowlarr\",\"target\":\"a.example:443\",\"transport\":\"tcp\"}",
		 200, true},
		{"{\"client\":\"prowlarr\",\"target\":\"a.example:443\",\"transport\":\"x\"}", 400,
		 false},
		{"{\"client\":\"prowlarr\",\"target\":\"a.example:443\",\"transport\":1}", 400,
		 false},
		{"{\"client\":\"prowlarr\",\"target\":\"a b\"}", 422, false},
		{"{\"client\":7,\"target\":\"a.example:443\"}", 400, false},
		{"[]", 400, false},
		{NULL, 400, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *answer = ask(*state, "POST", "/v1/explain", cases[i].body, cases[i].status);

		assert_int_equal(json_is_true(json_object_get(answer, "allowed")),
				 cases[i].allowed);
		json_decref(answer);
	}
}

static void api_config_and_version_are_json(void **state)
{
	json_t *answer = ask(*state, "GET", "/v1/config", NULL, 200);

	expect_text(answer, "path", "egress.conf");
	json_decref(answer);
	answer = ask(*state, "GET", "/v1/version", NULL, 200);
	expect_text(answer, "version", version_text());
	json_decref(answer);
}

static void api_metrics_are_well_formed(void **state)
{
	static const char *const lines[] = {
		"egressd_build_info{version=\"",
		"egressd_tunnel_up{device=\"tun0\"} 1\n# HELP", /* once, though two egresses */
		"egressd_tunnel_epoch{device=\"tun0\"} 3\n",
		"egressd_sessions_active 0\n",
		"egressd_sessions_total{protocol=\"socks5\"} 2\n",
		"egressd_sessions_total{protocol=\"udp\"} 1\n",
		"egressd_requests_total{egress=\"-\",outcome=\"refused\"} 1\n",
		"egressd_refusals_total{reason=\"policy\"} 1\n",
		"egressd_bytes_total{direction=\"sent\"} 0\n",
		"egressd_log_lines_dropped_total 12\n",
		"process_start_time_seconds 1700000000.042\n",
	};
	struct fake *fake = *state;
	struct metrics *metrics = metrics_new();
	size_t len;

	assert_null(ask(fake, "GET", "/metrics", NULL, 200)); /* not JSON */
	api_encode_metrics(&fake->status, metrics);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (!strstr(metrics_text(metrics, &len), lines[i]))
			fail_msg("no %s", lines[i]);
	}
	metrics_free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(api_status_tells_what_the_daemon_measured, setup,
						teardown),
		cmocka_unit_test_setup_teardown(api_connections_come_when_the_workers_have_told,
						setup, teardown),
		cmocka_unit_test_setup_teardown(api_ends_only_connections_that_are_numbers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(api_reload_tells_that_the_old_policy_stays, setup,
						teardown),
		cmocka_unit_test_setup_teardown(api_explains_by_the_policy_in_force, setup,
						teardown),
		cmocka_unit_test_setup_teardown(api_config_and_version_are_json, setup, teardown),
		cmocka_unit_test_setup_teardown(api_metrics_are_well_formed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
