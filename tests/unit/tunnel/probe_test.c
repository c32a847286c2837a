/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A far side that falls silent is noticed, one that speaks is not asked. */
#include "far_side.h"

static const char *const one_target[2] = {"9.9.9.9:53", NULL};
static const char *const two_targets[2] = {"9.9.9.9:53", "1.1.1.1:53"};

static int setup(void **state)
{
	static struct far_side far;

	far_side_start(&far);
	*state = &far;
	return 0;
}

static int teardown(void **state)
{
	far_side_stop(*state);
	return 0;
}

static struct tunnel *watch(struct far_side *far, const char *const targets[2], int every_ms)
{
	const char *copy[2] = {targets[0], targets[1]};

	return far_side_watch(far, copy, every_ms);
}

static void a_tunnel_is_not_up_before_its_far_side_answered(void **state)
{
	static const enum answer answers[] = {ANSWER_SYN_ACK, ANSWER_RESET};
	struct far_side *far = *state;
	struct tunnel *tunnel = watch(far, one_target, 3000);

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct tunnel_status unknown, up;

		far->answer = ANSWER_NOTHING;
		far_side_open_device(far);
		unknown = far_side_await(far, TUNNEL_UNKNOWN, 1000);
		assert_string_equal(unknown.reason, "waiting for the first probe answer");
		assert_false(far_side_serve(far, clock_monotonic_ms() + 300, &up));
		far->answer = answers[i];
		up = far_side_await(far, TUNNEL_UP, 2000);
		assert_true(up.epoch > unknown.epoch);
		tunnel_status(tunnel, &up);
		assert_true(up.probed_at_ms > 0 && up.probe_rtt_us > 0);
		assert_true(up.probes_sent > 0);
		close(far->tun);
		far->tun = -1;
		far_side_await(far, TUNNEL_DOWN, 1000);
	}
}

/* An ICMP "port unreachable" makes connect(2) say ECONNREFUSED, as a RST does. */
static void an_icmp_error_is_no_answer(void **state)
{
	struct far_side *far = *state;
	struct tunnel *tunnel = watch(far, one_target, 3000);
	struct tunnel_status status;

	far->answer = ANSWER_ICMP;
	far_side_open_device(far);
	far_side_await(far, TUNNEL_UNKNOWN, 1000);
	assert_false(far_side_serve(far, clock_monotonic_ms() + 1200, &status));
	assert_true(far->syns >= 2);
	tunnel_status(tunnel, &status);
	assert_true(status.probes_failed >= 2);
	far->answer = ANSWER_RESET;
	far_side_await(far, TUNNEL_UP, 2000);
}

static void a_silent_far_side_is_found_within_10_s_and_its_return_within_2(void **state)
{
	struct far_side *far = *state;
	struct tunnel_status up, down, again;
	int64_t silent_at_ms;

	far->answer = ANSWER_SYN_ACK;
	watch(far, two_targets, 60000);
	far_side_open_device(far);
	up = far_side_await(far, TUNNEL_UP, 2000);
	far->answer = ANSWER_NOTHING;
	silent_at_ms = clock_monotonic_ms();
	down = far_side_await(far, TUNNEL_DOWN, 10000);
	assert_string_equal(down.reason,
			    "no answer through tun7 for 8 s (asked 9.9.9.9:53, 1.1.1.1:53)");
	assert_true(clock_monotonic_ms() - silent_at_ms > 5000);
	assert_true(down.epoch > up.epoch);
	assert_int_equal(down.ifindex, up.ifindex);
	far->answer = ANSWER_SYN_ACK;
	again = far_side_await(far, TUNNEL_UP, 2000);
	assert_true(again.epoch > down.epoch);
}

static void one_target_that_never_answers_does_not_take_the_tunnel_down(void **state)
{
	struct far_side *far = *state;
	struct tunnel_status status;

	far->answer = ANSWER_RESET;
	assert_int_equal(inet_pton(AF_INET, "9.9.9.9", &far->mute), 1);
	watch(far, two_targets, 100);
	far_side_open_device(far);
	far_side_await(far, TUNNEL_UP, 2000);
	far->syns = 0;
	assert_false(far_side_serve(far, clock_monotonic_ms() + 1000, &status));
	/* It remembers who answers: one SYN each time, not two. */
	assert_in_range(far->syns, 3, 12);
}

static void live_traffic_is_proof_enough(void **state)
{
	struct far_side *far = *state;
	struct tunnel *tunnel;
	struct tunnel_status status;
	int64_t end_ms;

	far->answer = ANSWER_SYN_ACK;
	tunnel = watch(far, one_target, 300);
	far_side_open_device(far);
	far_side_await(far, TUNNEL_UP, 2000);
	far->syns = 0;
	end_ms = clock_monotonic_ms() + 1500;
	while (clock_monotonic_ms() < end_ms) {
		tunnel_note_alive(tunnel, clock_monotonic_ms());
		assert_false(far_side_serve(far, clock_monotonic_ms() + 20, &status));
	}
	assert_in_range(far->syns, 0, 1);
	end_ms = clock_monotonic_ms() + 2000;
	while (far->syns < 3 && clock_monotonic_ms() < end_ms)
		assert_false(far_side_serve(far, clock_monotonic_ms() + 20, &status));
	assert_true(far->syns >= 3);
}

/* A worker may still read the last bytes of the old epoch when the new one has begun. */
static void traffic_of_the_past_does_not_bring_a_new_epoch_up(void **state)
{
	struct far_side *far = *state;
	struct tunnel *tunnel = watch(far, one_target, 300);
	struct tunnel_status status;

	far_side_open_device(far);
	far_side_await(far, TUNNEL_UNKNOWN, 1000);
	for (int i = 0; i < 20; i++) {
		tunnel_note_alive(tunnel, clock_monotonic_ms());
		assert_false(far_side_serve(far, clock_monotonic_ms() + 60, &status));
	}
	assert_int_equal(tunnel_state(tunnel, NULL), TUNNEL_UNKNOWN);
}

static void a_reload_may_take_the_probe_away_and_bring_it_back(void **state)
{
	struct far_side *far = *state;
	const char *none[2] = {NULL, NULL};
	struct tunnel *tunnel = watch(far, one_target, 3000);
	struct tunnel_status status;
	uint32_t epoch;

	far_side_open_device(far);
	far_side_await(far, TUNNEL_UNKNOWN, 1000);
	assert_ptr_equal(far_side_watch(far, none, 0), tunnel);
	status = far_side_await(far, TUNNEL_UP, 1000);
	far->syns = 0;
	assert_ptr_equal(watch(far, two_targets, 100), tunnel);
	far->answer = ANSWER_RESET;
	while (far->syns < 2)
		assert_false(far_side_serve(far, clock_monotonic_ms() + 50, &status));
	assert_int_equal(tunnel_state(tunnel, &epoch), TUNNEL_UP);
	assert_int_equal(epoch, status.epoch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_tunnel_is_not_up_before_its_far_side_answered,
						setup, teardown),
		cmocka_unit_test_setup_teardown(an_icmp_error_is_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_silent_far_side_is_found_within_10_s_and_its_return_within_2, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			one_target_that_never_answers_does_not_take_the_tunnel_down, setup,
			teardown),
		cmocka_unit_test_setup_teardown(live_traffic_is_proof_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(traffic_of_the_past_does_not_bring_a_new_epoch_up,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_reload_may_take_the_probe_away_and_bring_it_back,
						setup, teardown),
	};

	if (!far_side_enter_namespace()) {
		puts("skipped: no private network namespace is permitted here");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
