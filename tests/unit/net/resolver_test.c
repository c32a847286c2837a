/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The resolver against name servers that are well, ill, silent and malicious. */
#include "net/resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake_dns.h"

struct scene {
	struct event_base *base;
	struct fake_dns dns, second;
	struct resolver *resolver;
	struct resolver_counters counters;
};

struct outcome {
	unsigned calls;
	enum lookup_result result;
	size_t count;
	struct address first;
	struct lookup *to_cancel;
	struct resolver *to_free;
};

static void zone_many(struct fake_message *message, const char *name, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[32];

		snprintf(text, sizeof(text), "198.51.100.%u", (unsigned)(i % 250 + 1));
		fake_put_address(message, name, 60, text);
	}
}

static void zone_broken(const struct fake_question *question, struct fake_message *message)
{
	const char *name = question->name;

	if (strcmp(name, "silent.example") == 0) {
		message->len = 0;
	} else if (strcmp(name, "garbage.example") == 0) {
		memset(message->bytes, 0xc0, 40);
		message->len = 40;
	} else if (strcmp(name, "short.example") == 0) {
		message->len = 7;
	} else if (strcmp(name, "cut.example") == 0) {
		fake_put_address(message, name, 60, "192.0.2.1");
		message->len -= 3;
	} else if (strcmp(name, "loop.example") == 0) {
		fake_put16(message, 0xc000U | (unsigned)message->len);
		fake_count(message, 6);
	} else if (strcmp(name, "servfail.example") == 0) {
		fake_set_code(message, FAKE_SERVFAIL);
	} else if (strcmp(name, "refused.example") == 0) {
		fake_set_code(message, FAKE_REFUSED);
	}
}

static void zone_answer(void *arg, const struct fake_question *question,
			struct fake_message *message)
{
	const char *name = question->name;
	bool wants_a = question->type == FAKE_A;

	(void)arg;
	if (strcmp(name, "two.example") == 0 && wants_a) {
		fake_put_address(message, name, 60, "192.0.2.1");
		fake_put_address(message, name, 60, "192.0.2.2");
	} else if (strcmp(name, "six.example") == 0 && !wants_a) {
		fake_put_address(message, name, 60, "2001:db8::6");
	} else if (strcmp(name, "mapped.example") == 0 && !wants_a) {
		fake_put_address(message, name, 60, "::ffff:10.0.0.1");
	} else if (strcmp(name, "nx.example") == 0) {
		fake_set_code(message, FAKE_NXDOMAIN);
		fake_put_soa(message, 600, 20);
	} else if (strcmp(name, "chain.example") == 0) {
		fake_put_cname(message, name, "one.example");
		fake_put_cname(message, "one.example", "end.example");
		fake_put_address(message, "end.example", 60, "192.0.2.9");
	} else if (strcmp(name, "stray.example") == 0) {
		fake_put_address(message, "other.example", 60, "192.0.2.66");
	} else if (strcmp(name, "big.example") == 0 && !question->is_tcp) {
		fake_set_truncated(message);
	} else if (strcmp(name, "big.example") == 0) {
		zone_many(message, name, 1500);
	} else if (strcmp(name, "oversize.example") == 0) {
		zone_many(message, name, question->is_tcp ? 30 : 200);
	} else {
		zone_broken(question, message);
	}
}

static void zone_silent(void *arg, const struct fake_question *question,
			struct fake_message *message)
{
	(void)arg;
	(void)question;
	message->len = 0;
}

static struct resolver *scene_resolver(struct scene *scene, const struct fake_dns *first,
				       const struct fake_dns *second, const char *device)
{
	struct resolver_settings settings = {
		.servers = {first->address},
		.server_count = 1,
		.device = device,
		.try_ms = 200,
		.counters = &scene->counters,
	};

	if (second != NULL)
		settings.servers[settings.server_count++] = second->address;
	return resolver_new(scene->base, &settings);
}

static int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	alarm(60);
	scene->base = event_base_new();
	fake_dns_start(&scene->dns, scene->base, zone_answer, NULL);
	fake_dns_start(&scene->second, scene->base, zone_silent, NULL);
	scene->resolver = scene_resolver(scene, &scene->dns, NULL, NULL);
	*state = scene;
	return scene->resolver == NULL ? -1 : 0;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;

	resolver_free(scene->resolver);
	fake_dns_stop(&scene->dns);
	fake_dns_stop(&scene->second);
	event_base_free(scene->base);
	free(scene);
	return 0;
}

static void on_done(void *arg, enum lookup_result result, const struct address *addresses,
		    size_t count)
{
	struct outcome *outcome = arg;

	outcome->calls++;
	outcome->result = result;
	outcome->count = count;
	if (count > 0)
		outcome->first = addresses[0];
	if (outcome->to_cancel != NULL)
		lookup_cancel(outcome->to_cancel);
	resolver_free(outcome->to_free);
}

static struct lookup *begin_for(struct resolver *resolver, const char *name, int family,
				const struct address *asker, struct outcome *outcome)
{
	struct host host;
	struct lookup *lookup;

	assert_true(host_parse(name, strlen(name), &host));
	lookup = resolver_lookup(resolver, &host, family, asker, on_done, outcome);
	assert_non_null(lookup);
	assert_int_equal(outcome->calls, 0);
	return lookup;
}

static struct lookup *begin(struct resolver *resolver, const char *name, int family,
			    struct outcome *outcome)
{
	static const struct address nobody = {.family = AF_UNSPEC};

	return begin_for(resolver, name, family, &nobody, outcome);
}

static void wait_for(struct scene *scene, const struct outcome *outcome)
{
	while (outcome->calls == 0)
		assert_int_equal(event_base_loop(scene->base, EVLOOP_ONCE), 0);
	assert_int_equal(outcome->calls, 1);
}

static struct outcome ask(struct scene *scene, const char *name, int family)
{
	struct outcome outcome = {0};

	begin(scene->resolver, name, family, &outcome);
	wait_for(scene, &outcome);
	return outcome;
}

static void every_kind_of_answer_has_its_result(void **state)
{
	static const struct {
		const char *name;
		int family;
		enum lookup_result result;
		size_t count;
		const char *first;
	} cases[] = {
		{"two.example", AF_INET, LOOKUP_OK, 2, "192.0.2.1"},
		{"two.example", AF_INET6, LOOKUP_NOT_FOUND, 0, NULL},
		{"six.example", AF_INET6, LOOKUP_OK, 1, "2001:db8::6"},
		{"six.example", AF_INET, LOOKUP_NOT_FOUND, 0, NULL},
		{"mapped.example", AF_INET6, LOOKUP_OK, 1, "10.0.0.1"},
		{"nx.example", AF_INET, LOOKUP_NOT_FOUND, 0, NULL},
		{"chain.example", AF_INET, LOOKUP_OK, 1, "192.0.2.9"},
		{"stray.example", AF_INET, LOOKUP_NOT_FOUND, 0, NULL},
		{"big.example", AF_INET, LOOKUP_OK, LOOKUP_ADDRESSES_MAX, "198.51.100.1"},
		{"oversize.example", AF_INET, LOOKUP_OK, LOOKUP_ADDRESSES_MAX, "198.51.100.1"},
		{"cut.example", AF_INET, LOOKUP_FAILED, 0, NULL},
		{"loop.example", AF_INET, LOOKUP_FAILED, 0, NULL},
		{"servfail.example", AF_INET, LOOKUP_FAILED, 0, NULL},
		{"refused.example", AF_INET6, LOOKUP_FAILED, 0, NULL},
		{"silent.example", AF_INET, LOOKUP_TIMEOUT, 0, NULL},
		{"garbage.example", AF_INET, LOOKUP_TIMEOUT, 0, NULL},
		{"short.example", AF_INET, LOOKUP_TIMEOUT, 0, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome outcome = ask(*state, cases[i].name, cases[i].family);
		char text[ADDRESS_TEXT_SIZE];

		if (outcome.result != cases[i].result || outcome.count != cases[i].count)
			fail_msg("%s: result %d, %zu addresses", cases[i].name, outcome.result,
				 outcome.count);
		if (cases[i].first != NULL)
			assert_string_equal(address_format(&outcome.first, text), cases[i].first);
	}
}

static void truncated_answers_are_asked_again_over_tcp(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(ask(scene, "big.example", AF_INET).result, LOOKUP_OK);
	assert_int_equal(scene->dns.tcp_count, 1);
}

static void a_silent_server_is_passed_over(void **state)
{
	struct scene *scene = *state;
	struct resolver *alone = scene->resolver;

	scene->resolver = scene_resolver(scene, &scene->second, &scene->dns, NULL);
	assert_int_equal(ask(scene, "two.example", AF_INET).result, LOOKUP_OK);
	assert_int_equal(ask(scene, "six.example", AF_INET6).result, LOOKUP_OK);
	assert_true(scene->second.udp_count > 0);
	resolver_free(scene->resolver);
	scene->resolver = alone;
}

static void answers_and_refusals_are_asked_once(void **state)
{
	struct scene *scene = *state;

	for (int i = 0; i < 5; i++) {
		assert_int_equal(ask(scene, "two.example", AF_INET).count, 2);
		assert_int_equal(ask(scene, "nx.example", AF_INET).result, LOOKUP_NOT_FOUND);
		assert_int_equal(ask(scene, "servfail.example", AF_INET).result, LOOKUP_FAILED);
	}
	/* Each once, and SERVFAIL once in each of the two rounds. */
	assert_in_range(scene->dns.udp_count, 3, 4);
	resolver_flush(scene->resolver);
	assert_int_equal(ask(scene, "two.example", AF_INET).count, 2);
	assert_in_range(scene->dns.udp_count, 4, 5);
}

static void lookups_hits_failures_and_timeouts_are_counted(void **state)
{
	struct scene *scene = *state;
	const struct resolver_counters *counters = &scene->counters;

	for (int i = 0; i < 3; i++)
		ask(scene, "two.example", AF_INET);
	ask(scene, "nx.example", AF_INET);
	ask(scene, "refused.example", AF_INET);
	ask(scene, "silent.example", AF_INET6);
	assert_int_equal(counters->lookups, 6);
	assert_int_equal(counters->cache_hits, 2);
	assert_int_equal(counters->failures, 1);
	assert_int_equal(counters->timeouts, 1);
}

static void equal_questions_in_flight_are_asked_once(void **state)
{
	struct scene *scene = *state;
	struct outcome outcomes[20] = {0};

	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		begin(scene->resolver, "two.example", AF_INET, &outcomes[i]);
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		wait_for(scene, &outcomes[i]);
	assert_int_equal(scene->dns.udp_count, 1);
}

static void a_dead_lookup_delays_no_other(void **state)
{
	struct scene *scene = *state;
	struct outcome dead[50] = {0};
	char name[32];

	for (size_t i = 0; i < ARRAY_LEN(dead); i++) {
		snprintf(name, sizeof(name), "x%zu.silent", i);
		begin(scene->resolver, i == 0 ? "silent.example" : name, AF_INET, &dead[i]);
	}
	assert_int_equal(ask(scene, "two.example", AF_INET).result, LOOKUP_OK);
	assert_int_equal(dead[0].calls, 0);
	wait_for(scene, &dead[0]);
}

static void too_many_open_questions_fail_fast(void **state)
{
	struct scene *scene = *state;
	struct resolver *silent = scene_resolver(scene, &scene->second, NULL, NULL);
	struct outcome waiting = {0}, refused = {0};
	char name[32];

	for (unsigned i = 0; i < 512; i++) {
		snprintf(name, sizeof(name), "x%u.example", i);
		begin(silent, name, AF_INET, &waiting);
	}
	begin(silent, "one-more.example", AF_INET, &refused);
	wait_for(scene, &refused);
	assert_int_equal(refused.result, LOOKUP_FAILED);
	assert_int_equal(waiting.calls, 0);
	resolver_free(silent);
}

static void one_client_cannot_use_up_the_questions_of_all(void **state)
{
	struct scene *scene = *state;
	struct resolver *silent = scene_resolver(scene, &scene->second, NULL, NULL);
	struct outcome waiting = {0}, refused = {0};
	struct address greedy, modest;
	char name[32];

	assert_true(address_parse("172.30.0.10", 11, &greedy));
	assert_true(address_parse("172.30.0.11", 11, &modest));
	/* Nobody waits for most of them: a client may ask and hang up. */
	for (unsigned i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "x%u.example", i);
		lookup_cancel(begin_for(silent, name, AF_INET, &greedy, &waiting));
	}
	begin_for(silent, "one-more.example", AF_INET, &greedy, &refused);
	wait_for(scene, &refused);
	assert_int_equal(refused.result, LOOKUP_FAILED);
	begin_for(silent, "of-another.example", AF_INET, &modest, &waiting);
	event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_int_equal(waiting.calls, 0);
	resolver_free(silent);
}

static void a_cancelled_lookup_is_never_told(void **state)
{
	struct scene *scene = *state;
	struct outcome asked = {0}, ready = {0}, canceller = {0}, victim = {0};
	struct lookup *lookup = begin(scene->resolver, "two.example", AF_INET, &asked);

	/* In flight; the answer still goes to the cache. */
	lookup_cancel(lookup);
	assert_int_equal(ask(scene, "two.example", AF_INET).count, 2);
	/* Answered from the cache, but not told yet. */
	lookup_cancel(begin(scene->resolver, "two.example", AF_INET, &ready));
	/* By the callback of another one. */
	begin(scene->resolver, "two.example", AF_INET, &canceller);
	canceller.to_cancel = begin(scene->resolver, "two.example", AF_INET, &victim);
	wait_for(scene, &canceller);
	assert_int_equal(ask(scene, "two.example", AF_INET).count, 2);
	assert_int_equal(asked.calls + ready.calls + victim.calls, 0);
	assert_int_equal(scene->dns.udp_count, 1);
}

static void a_resolver_can_end_with_questions_open(void **state)
{
	struct scene *scene = *state;
	struct resolver *resolver = scene_resolver(scene, &scene->second, NULL, NULL);
	struct outcome outcome = {0}, ready = {0}, ending = {0};

	begin(resolver, "silent.example", AF_INET, &outcome);
	begin(resolver, "big.example", AF_INET6, &outcome);
	event_base_loop(scene->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	resolver_free(resolver);
	resolver = scene_resolver(scene, &scene->dns, NULL, NULL);
	begin(resolver, "two.example", AF_INET, &ending);
	begin(resolver, "two.example", AF_INET, &ready);
	begin(resolver, "silent.example", AF_INET, &outcome);
	ending.to_free = resolver;
	wait_for(scene, &ending);
	assert_int_equal(outcome.calls + ready.calls, 0);
}

static void without_its_device_nothing_is_sent(void **state)
{
	struct scene *scene = *state;
	struct resolver *bound = scene_resolver(scene, &scene->dns, NULL, "egress-none0");
	struct outcome outcome = {0};

	begin(bound, "two.example", AF_INET, &outcome);
	wait_for(scene, &outcome);
	assert_int_equal(outcome.result, LOOKUP_FAILED);
	assert_int_equal(scene->dns.udp_count, 0);
	resolver_free(bound);
}

static void bound_to_its_device_it_asks_over_udp_and_tcp(void **state)
{
	struct scene *scene = *state;
	struct resolver *bound = scene_resolver(scene, &scene->dns, NULL, "lo");
	struct outcome small = {0}, big = {0};

	begin(bound, "two.example", AF_INET, &small);
	begin(bound, "big.example", AF_INET, &big);
	wait_for(scene, &small);
	wait_for(scene, &big);
	assert_int_equal(small.result, LOOKUP_OK);
	assert_int_equal(big.result, LOOKUP_OK);
	assert_int_equal(scene->dns.tcp_count, 1);
	resolver_free(bound);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(every_kind_of_answer_has_its_result),
		SCENE_TEST(truncated_answers_are_asked_again_over_tcp),
		SCENE_TEST(a_silent_server_is_passed_over),
		SCENE_TEST(answers_and_refusals_are_asked_once),
		SCENE_TEST(lookups_hits_failures_and_timeouts_are_counted),
		SCENE_TEST(equal_questions_in_flight_are_asked_once),
		SCENE_TEST(a_dead_lookup_delays_no_other),
		SCENE_TEST(too_many_open_questions_fail_fast),
		SCENE_TEST(one_client_cannot_use_up_the_questions_of_all),
		SCENE_TEST(a_cancelled_lookup_is_never_told),
		SCENE_TEST(a_resolver_can_end_with_questions_open),
		SCENE_TEST(without_its_device_nothing_is_sent),
		SCENE_TEST(bound_to_its_device_it_asks_over_udp_and_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
