/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dialling through upstream proxies that are well, refuse, dawdle or talk nonsense. */
#include "net/dial.h"
#include "net/poller.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "dial_upstream_cases.h"
#include "fake_certificate.h"
#include "fake_proxy.h"
#include "net/upstream.h"

struct scene {
	struct event_base *base;
	struct poller *poller;
	struct fake_proxy proxy;
	struct fake_certificate trusted, untrusted;
	struct ssl_ctx_st *trusted_tls, *untrusted_tls;
};

struct outcome {
	unsigned calls;
	enum dial_result result;
	struct stream stream;
	char detail[200];
};

static int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const char *problem;

	alarm(60);
	signal(SIGPIPE, SIG_IGN);
	scene->base = event_base_new();
	scene->poller = poller_new(scene->base);
	fake_certificate_make(&scene->trusted, "IP:127.0.0.1");
	fake_certificate_make(&scene->untrusted, "IP:127.0.0.1,DNS:other.example");
	setenv("SSL_CERT_FILE", scene->trusted.certificate_file, 1);
	scene->trusted_tls = tls_server_new(span_of(scene->trusted.certificate_text),
					    span_of(scene->trusted.key_text), &problem);
	scene->untrusted_tls = tls_server_new(span_of(scene->untrusted.certificate_text),
					      span_of(scene->untrusted.key_text), &problem);
	fake_proxy_start(&scene->proxy, scene->base);
	*state = scene;
	return scene->trusted_tls == NULL || scene->untrusted_tls == NULL ? -1 : 0;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;

	fake_proxy_stop(&scene->proxy);
	tls_free(scene->trusted_tls);
	tls_free(scene->untrusted_tls);
	fake_certificate_remove(&scene->trusted);
	fake_certificate_remove(&scene->untrusted);
	poller_free(scene->poller);
	event_base_free(scene->base);
	free(scene);
	return 0;
}

static struct upstream *upstream_of(const struct scene *scene, const struct proxy_case *c)
{
	char text[ADDRESS_TEXT_SIZE], url[128];
	struct proxy_url parsed;
	struct upstream *upstream;
	const char *problem;

	snprintf(url, sizeof(url), "%s://%s%s", c->scheme, c->login,
		 address_format_endpoint(&scene->proxy.address, text));
	assert_int_equal(proxy_url_parse(url, strlen(url), &parsed, &problem), 0);
	upstream = upstream_new(&parsed);
	assert_non_null(upstream);
	return upstream;
}

static void on_done(void *arg, enum dial_result result, struct stream stream,
		    const struct address *peer, const char *detail)
{
	struct outcome *outcome = arg;

	(void)peer;
	outcome->calls++;
	outcome->result = result;
	outcome->stream = stream;
	snprintf(outcome->detail, sizeof(outcome->detail), "%s", detail);
}

/* allow_private is false: the guard must not judge the way to the proxy, which is on loopback. */
static struct dial *begin(struct scene *scene, const struct upstream *upstream, const char *name,
			  int timeout_ms, struct outcome *outcome)
{
	struct dial_route route = {.ipv4 = true, .upstream = upstream};
	struct host host;
	struct dial *dial;

	*outcome = (struct outcome){.stream = stream_none()};
	assert_true(host_parse(name, strlen(name), &host));
	dial = dial_start(scene->poller, &route, &host, 443, timeout_ms, on_done, outcome);
	assert_non_null(dial);
	assert_int_equal(outcome->calls, 0);
	return dial;
}

static void wait_for(struct scene *scene, const struct outcome *outcome)
{
	while (outcome->calls == 0)
		assert_int_equal(event_base_loop(scene->base, EVLOOP_ONCE), 0);
	assert_int_equal(outcome->calls, 1);
	assert_int_equal(outcome->stream.fd >= 0, outcome->result == DIAL_OK);
}

/* Reads as a relay does: until nothing is there, then after each turn of the loop. */
static void expect_early(struct scene *scene, struct stream *stream)
{
	char bytes[64];
	size_t len = 0;

	while (len < 5) {
		ssize_t got = stream_read(stream, bytes + len, sizeof(bytes) - len);

		if (got > 0)
			len += (size_t)got;
		else
			assert_int_equal(
				event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	}
	assert_int_equal(len, 5);
	assert_memory_equal(bytes, "EARLY", 5);
}

static void check(struct scene *scene, const struct proxy_case *c, bool is_slow)
{
	struct upstream *upstream = upstream_of(scene, c);
	struct outcome outcome;

	scene->proxy.tls = upstream->tls == NULL ? NULL : scene->trusted_tls;
	fake_proxy_play(&scene->proxy, c->script, is_slow, c->result != DIAL_OK);
	begin(scene, upstream, "origin.example", 5000, &outcome);
	wait_for(scene, &outcome);
	if (outcome.result != c->result || strcmp(outcome.detail, c->detail) != 0)
		fail_msg("case %d: %s (%s)", (int)(c - cases), dial_result_name(outcome.result),
			 outcome.detail);
	if (outcome.result == DIAL_OK)
		expect_early(scene, &outcome.stream);
	assert_int_equal(scene->proxy.surprises, 0);
	stream_close(&outcome.stream);
	upstream_free(upstream);
}

static void every_answer_of_a_proxy_has_its_result_and_early_bytes_are_kept(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(*state, &cases[i], false);
}

static void answers_that_come_byte_by_byte_mean_the_same(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(*state, &cases[i], true);
}

static void an_endless_answer_is_given_up(void **state)
{
	static char endless[65536] = "HTTP/1.1 200 OK\r\nX: ";
	const struct proxy_case c = {"http",
				     "",
				     {{BYTES(CONNECT "\r\n"), endless, sizeof(endless)}, NO_MORE},
				     DIAL_UPSTREAM_FAILED,
				     "the upstream proxy's answer is too long"};
	struct scene *scene = *state;
	struct upstream *upstream = upstream_of(scene, &c);
	struct outcome outcome;

	memset(endless + strlen(endless), 'x', sizeof(endless) - strlen(endless));
	fake_proxy_play(&scene->proxy, c.script, false, true);
	begin(scene, upstream, "origin.example", 5000, &outcome);
	wait_for(scene, &outcome);
	assert_string_equal(outcome.detail, c.detail);
	upstream_free(upstream);
}

static void a_certificate_of_nobody_we_trust_ends_it(void **state)
{
	struct scene *scene = *state;
	const struct proxy_case c = {"https", "", ANSWER(""), DIAL_UPSTREAM_FAILED,
				     "the upstream proxy's certificate: self-signed certificate"};
	struct upstream *upstream = upstream_of(scene, &c);
	struct outcome outcome;

	scene->proxy.tls = scene->untrusted_tls;
	fake_proxy_play(&scene->proxy, c.script, false, true);
	begin(scene, upstream, "origin.example", 5000, &outcome);
	wait_for(scene, &outcome);
	assert_int_equal(outcome.result, c.result);
	assert_string_equal(outcome.detail, c.detail);
	upstream_free(upstream);
}

static void the_way_to_the_proxy_fails_as_the_proxys(void **state)
{
	struct scene *scene = *state;
	struct upstream *upstream = upstream_of(scene, &cases[0]);
	struct outcome outcome;

	/* Port 1 of loopback: nobody listens there. */
	upstream->url.port = 1;
	begin(scene, upstream, "origin.example", 5000, &outcome);
	wait_for(scene, &outcome);
	assert_int_equal(outcome.result, DIAL_UPSTREAM_FAILED);
	assert_string_equal(outcome.detail, "upstream proxy: connection refused");
	/* Its name cannot be resolved without a resolver. */
	assert_true(host_parse("gluetun", 7, &upstream->url.host));
	begin(scene, upstream, "origin.example", 5000, &outcome);
	wait_for(scene, &outcome);
	assert_int_equal(outcome.result, DIAL_UPSTREAM_FAILED);
	upstream_free(upstream);
}

static void a_silent_proxy_times_out(void **state)
{
	static const struct fake_exchange silent[] = {
		{BYTES("never comes, whatever is asked"), BYTES("")}, NO_MORE};
	struct scene *scene = *state;
	struct upstream *upstream = upstream_of(scene, &cases[0]);
	struct outcome outcome;

	fake_proxy_play(&scene->proxy, silent, false, false);
	begin(scene, upstream, "origin.example", 50, &outcome);
	wait_for(scene, &outcome);
	assert_int_equal(outcome.result, DIAL_TIMEOUT);
	upstream_free(upstream);
}

static void what_the_guard_refuses_never_reaches_the_proxy(void **state)
{
	static const struct {
		const char *host;
		enum dial_result result;
	} refused[] = {
		{"10.0.0.1", DIAL_FORBIDDEN_ADDRESS}, {"169.254.169.254", DIAL_FORBIDDEN_ADDRESS},
		{"::1", DIAL_FORBIDDEN_ADDRESS},      {"64:ff9b::a00:1", DIAL_FORBIDDEN_ADDRESS},
		{"printer", DIAL_LOCAL_NAME},         {"nas.lan", DIAL_LOCAL_NAME},
	};
	struct scene *scene = *state;
	struct upstream *upstream = upstream_of(scene, &cases[0]);
	struct outcome outcome;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		begin(scene, upstream, refused[i].host, 5000, &outcome);
		wait_for(scene, &outcome);
		assert_int_equal(outcome.result, refused[i].result);
	}
	assert_int_equal(scene->proxy.connections, 0);
	upstream_free(upstream);
}

static void a_dial_can_be_cancelled_at_every_step(void **state)
{
	struct scene *scene = *state;
	struct outcome outcome;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct upstream *upstream = upstream_of(scene, &cases[i]);

		scene->proxy.tls = upstream->tls == NULL ? NULL : scene->trusted_tls;
		for (int turns = 0; turns < 12; turns++) {
			struct dial *dial;

			fake_proxy_play(&scene->proxy, cases[i].script, true, true);
			dial = begin(scene, upstream, "origin.example", 5000, &outcome);
			for (int turn = 0; turn < turns; turn++)
				event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
			if (outcome.calls == 0)
				dial_cancel(dial);
			event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
			stream_close(&outcome.stream);
		}
		upstream_free(upstream);
	}
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(every_answer_of_a_proxy_has_its_result_and_early_bytes_are_kept),
		SCENE_TEST(answers_that_come_byte_by_byte_mean_the_same),
		SCENE_TEST(an_endless_answer_is_given_up),
		SCENE_TEST(a_certificate_of_nobody_we_trust_ends_it),
		SCENE_TEST(the_way_to_the_proxy_fails_as_the_proxys),
		SCENE_TEST(a_silent_proxy_times_out),
		SCENE_TEST(what_the_guard_refuses_never_reaches_the_proxy),
		SCENE_TEST(a_dial_can_be_cancelled_at_every_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
