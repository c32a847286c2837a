/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When Prowlarr is asked after an outage, and when not. */
#include "egressd/healer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../src/egressd/healer.c"

enum {
	AFTER_MS = 30000,
};

/* Without a thread: what would be asked for stays to be seen. */
static void begin(struct healer *healer)
{
	*healer = (struct healer){.after_ms = AFTER_MS};
	pthread_mutex_init(&healer->lock, NULL);
	pthread_cond_init(&healer->wake, NULL);
}

static void tell(struct healer *healer, const char *device, enum tunnel_state state, int64_t now_ms)
{
	struct tunnel_status status = {.state = state};

	snprintf(status.device, sizeof(status.device), "%s", device);
	healer_on_tunnel(healer, &status, now_ms);
}

static void only_an_outage_that_was_long_enough_is_healed(void **state)
{
	static const struct {
		enum tunnel_state states[4];
		int64_t at_ms[4];
		bool wanted;
	} cases[] = {
		{{TUNNEL_UP, TUNNEL_DOWN, TUNNEL_UP}, {0, 1000, 1000 + AFTER_MS}, true},
		{{TUNNEL_UP, TUNNEL_DOWN, TUNNEL_UP}, {0, 1000, 999 + AFTER_MS}, false},
		/* Unknown counts as down, and what matters is when it began. */
		{{TUNNEL_UP, TUNNEL_UNKNOWN, TUNNEL_DOWN, TUNNEL_UP},
		 {0, 1000, 20000, 1000 + AFTER_MS},
		 true},
		/* The first time it comes up: Prowlarr has had no way out since the start. */
		{{TUNNEL_UNKNOWN, TUNNEL_UP, TUNNEL_UP}, {0, AFTER_MS, AFTER_MS + 1}, true},
		{{TUNNEL_UNKNOWN, TUNNEL_UP, TUNNEL_UP}, {0, 5, AFTER_MS + 1}, false},
		/* Gone again before anybody was asked. */
		{{TUNNEL_DOWN, TUNNEL_UP, TUNNEL_DOWN, TUNNEL_DOWN},
		 {0, AFTER_MS, AFTER_MS, AFTER_MS},
		 false},
		{{TUNNEL_UP, TUNNEL_UP, TUNNEL_UP}, {0, AFTER_MS, 2 * AFTER_MS}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct healer healer;

		begin(&healer);
		for (size_t k = 0; k < 4 && (k == 0 || cases[i].at_ms[k] > 0); k++)
			tell(&healer, "tun0", cases[i].states[k], cases[i].at_ms[k]);
		if (healer.wanted != cases[i].wanted)
			fail_msg("case %zu", i);
	}
}

static void each_tunnel_has_an_outage_of_its_own(void **state)
{
	struct healer healer;

	(void)state;
	begin(&healer);
	tell(&healer, "tun0", TUNNEL_DOWN, 0);
	tell(&healer, "tun1", TUNNEL_DOWN, AFTER_MS);
	tell(&healer, "tun1", TUNNEL_UP, AFTER_MS + 1);
	assert_false(healer.wanted);
	tell(&healer, "tun0", TUNNEL_UP, AFTER_MS + 2);
	assert_true(healer.wanted);
}

static void a_tunnel_that_goes_ends_what_is_under_way(void **state)
{
	struct healer healer;

	(void)state;
	begin(&healer);
	tell(&healer, "tun0", TUNNEL_UP, 0);
	assert_false(atomic_load(&healer.stop));
	tell(&healer, "tun0", TUNNEL_UNKNOWN, 1);
	assert_true(atomic_load(&healer.stop));
}

static void more_tunnels_than_there_is_room_for_are_left_alone(void **state)
{
	struct healer healer;
	char device[8];

	(void)state;
	begin(&healer);
	for (int i = 0; i < 2 * HEALER_TUNNELS_MAX; i++) {
		snprintf(device, sizeof(device), "tun%d", i);
		tell(&healer, device, TUNNEL_DOWN, 0);
	}
	tell(&healer, device, TUNNEL_UP, AFTER_MS);
	assert_false(healer.wanted);
	tell(&healer, "tun0", TUNNEL_UP, AFTER_MS);
	assert_true(healer.wanted);
}

static void it_ends_while_nobody_is_asked(void **state)
{
	struct healer *healer = healer_new();

	(void)state;
	assert_non_null(healer);
	tell(healer, "tun0", TUNNEL_DOWN, 0);
	tell(healer, "tun0", TUNNEL_UP, 1);
	healer_free(healer);
	healer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_an_outage_that_was_long_enough_is_healed),
		cmocka_unit_test(each_tunnel_has_an_outage_of_its_own),
		cmocka_unit_test(a_tunnel_that_goes_ends_what_is_under_way),
		cmocka_unit_test(more_tunnels_than_there_is_room_for_are_left_alone),
		cmocka_unit_test(it_ends_while_nobody_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
