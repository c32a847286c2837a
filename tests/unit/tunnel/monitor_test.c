/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to the device is the tunnel's state at once. Devices of a private namespace. */
#include <dirent.h>
#include <sys/wait.h>

#include "far_side.h"

enum {
	AT_ONCE_MS = 1000, /* generous for a busy machine; a probe would need 8 s */
};

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
	return system("ip link del tun7 2>/dev/null; ip link del other7 2>/dev/null; true");
}

/* One end of a veth pair: every kernel has those, not every one has dummies. */
static void make_device(const char *name)
{
	run("ip link add %s type veth peer name p%s && ip link set p%s up && "
	    "ip addr add 10.8.0.2/24 dev %s && ip link set %s up",
	    name, name, name, name, name);
}

static void a_device_that_is_not_there_is_down(void **state)
{
	struct tunnel *tunnel = far_side_watch(*state, NULL, 0);
	struct tunnel_status status = far_side_await(*state, TUNNEL_DOWN, AT_ONCE_MS);
	uint32_t epoch;

	assert_string_equal(status.reason, "device tun7 does not exist");
	assert_int_equal(status.ifindex, 0);
	assert_int_equal(tunnel_state(tunnel, &epoch), TUNNEL_DOWN);
	assert_int_equal(epoch, status.epoch);
}

static void a_deleted_device_is_down_at_once_and_its_namesake_a_new_epoch(void **state)
{
	struct tunnel *tunnel = far_side_watch(*state, NULL, 0);
	struct tunnel_status up, down, again;

	make_device("tun7");
	up = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	assert_string_equal(up.reason, "up");
	assert_int_equal(up.ipv4.family, AF_INET);
	assert_int_equal(up.ipv6.family, AF_UNSPEC);
	run("ip link del tun7");
	down = far_side_await(*state, TUNNEL_DOWN, AT_ONCE_MS);
	assert_true(down.epoch > up.epoch);
	make_device("tun7");
	again = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	assert_true(again.epoch > down.epoch);
	assert_int_not_equal(again.ifindex, up.ifindex);
	tunnel_status(tunnel, &down);
	assert_memory_equal(&down, &again, sizeof(down));
}

static void a_device_from_before_the_start_is_seen(void **state)
{
	make_device("tun7");
	far_side_watch(*state, NULL, 0);
	far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
}

static void another_address_is_a_new_epoch(void **state)
{
	struct tunnel_status first, second, third;

	make_device("tun7");
	far_side_watch(*state, NULL, 0);
	first = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	run("ip addr add 10.8.0.3/24 dev tun7");
	second = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	assert_int_equal(second.epoch, first.epoch + 1);
	run("ip addr add 2001:db8::2/64 dev tun7 nodad");
	third = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	assert_int_equal(third.epoch, second.epoch + 1);
	assert_int_equal(third.ipv6.family, AF_INET6);
	assert_int_equal(third.ifindex, first.ifindex);
}

/* IPv6 asks the neighbours first whether somebody has it. */
static void an_address_becoming_usable_is_news_but_no_new_epoch(void **state)
{
	struct tunnel_status before, after;

	make_device("tun7");
	far_side_watch(*state, NULL, 0);
	far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	run("ip addr add 2001:db8::2/64 dev tun7");
	before = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	assert_int_equal(before.ipv6.family, AF_UNSPEC);
	after = far_side_await(*state, TUNNEL_UP, 5 * AT_ONCE_MS);
	assert_int_equal(after.ipv6.family, AF_INET6);
	assert_int_equal(after.epoch, before.epoch);
}

/* What OpenVPN does without persist-tun and with the same lease: nothing differs afterwards. */
static void an_address_gone_and_back_within_an_instant_is_a_new_epoch(void **state)
{
	struct tunnel_status before, after;

	make_device("tun7");
	far_side_watch(*state, NULL, 0);
	before = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	run("printf 'addr del 10.8.0.2/24 dev tun7\\naddr add 10.8.0.2/24 dev tun7\\n'"
	    " | ip -batch -");
	far_side_await(*state, TUNNEL_DOWN, AT_ONCE_MS);
	after = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	assert_true(after.epoch > before.epoch);
}

static void a_device_set_down_or_bare_of_addresses_is_down(void **state)
{
	static const struct {
		const char *command;
		enum tunnel_state state;
		const char *reason;
	} steps[] = {
		{"ip link set tun7 down", TUNNEL_DOWN, "tun7 is down"},
		{"ip link set tun7 up", TUNNEL_UP, "up"},
		{"ip link set ptun7 down", TUNNEL_DOWN, "tun7 has no carrier"},
		{"ip link set ptun7 up", TUNNEL_UP, "up"},
		{"ip addr flush dev tun7 scope global", TUNNEL_DOWN, "tun7 has no address"},
		{"ip addr add 10.8.0.9/24 dev tun7 scope link; ip addr add 10.9.0.1/24 dev tun7",
		 TUNNEL_UP, "up"},
	};

	make_device("tun7");
	far_side_watch(*state, NULL, 0);
	far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct tunnel_status status;

		run(steps[i].command);
		status = far_side_await(*state, steps[i].state, AT_ONCE_MS);
		assert_string_equal(status.reason, steps[i].reason);
	}
}

/* Docker renames a container's device before it takes it away. */
static void a_device_renamed_away_is_gone(void **state)
{
	struct tunnel_status up, again;

	make_device("tun7");
	far_side_watch(*state, NULL, 0);
	up = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	run("ip link set tun7 down && ip link set tun7 name other7 && ip link set ptun7 name p7");
	far_side_await(*state, TUNNEL_DOWN, AT_ONCE_MS);
	make_device("tun7");
	again = far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	assert_int_not_equal(again.ifindex, up.ifindex);
	run("ip link set other7 up; ip link del other7");
	run("ip link set tun7 mtu 1400");
	assert_false(far_side_serve(*state, clock_monotonic_ms() + 100, &up));
}

/* A process that holds a namespace of its own until hold is closed. */
static pid_t fork_into_namespace(int *hold)
{
	int ready[2], wait[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(wait), 0);
	pid = fork();
	if (pid == 0) {
		close(wait[1]);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], &byte, 1) == 1)
			_exit(read(wait[0], &byte, 1) == 0 ? 0 : 1);
		_exit(1);
	}
	assert_true(pid > 0);
	close(wait[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*hold = wait[1];
	return pid;
}

static void a_device_moved_to_another_namespace_is_gone(void **state)
{
	int hold;
	pid_t pid = fork_into_namespace(&hold);

	make_device("tun7");
	far_side_watch(*state, NULL, 0);
	far_side_await(*state, TUNNEL_UP, AT_ONCE_MS);
	run("ip link set tun7 netns %d", (int)pid);
	far_side_await(*state, TUNNEL_DOWN, AT_ONCE_MS);
	run("ip link del ptun7");
	close(hold);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The callback stands still while the kernel tells more than the socket holds. */
static void news_lost_in_an_overrun_are_asked_for_again(void **state)
{
	struct far_side *far = *state;
	struct tunnel_status filler = {.state = TUNNEL_UNKNOWN};

	make_device("tun7");
	run("ip link add other7 type veth peer name pother7 && ip link set other7 up");
	far_side_watch(far, NULL, 0);
	far_side_await(far, TUNNEL_UP, AT_ONCE_MS);
	assert_true(fcntl(far->news[1], F_SETPIPE_SZ, 4096) > 0);
	for (size_t i = 0; i < 4096 / sizeof(filler); i++)
		assert_int_equal(write(far->news[1], &filler, sizeof(filler)), sizeof(filler));
	run("ip addr add 10.8.0.3/24 dev tun7");
	run("for i in $(seq 2 250); do for j in $(seq 1 16); do"
	    " echo addr add 10.$((j + 99)).0.$i/32 dev other7; done; done | ip -batch -");
	run("ip link del tun7");
	far_side_await(far, TUNNEL_DOWN, 5 * AT_ONCE_MS);
	run("ip link del other7");
	make_device("tun7");
	far_side_await(far, TUNNEL_UP, AT_ONCE_MS);
}

static unsigned count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static void a_monitor_leaves_nothing_behind(void **state)
{
	static const char *targets[2] = {"9.9.9.9:53", "1.1.1.1:53"};
	unsigned before = count_descriptors();
	struct tunnel_status status;

	(void)state;
	make_device("tun7");
	for (int i = 0; i < 3; i++) {
		struct far_side far;

		far_side_start(&far);
		far_side_watch(&far, targets, 0);
		status = far_side_await(&far, TUNNEL_UNKNOWN, AT_ONCE_MS);
		assert_string_equal(status.reason, "waiting for the first probe answer");
		far_side_stop(&far);
		/* Fewer is fine: what the test before closed may still be on its way. */
		assert_true(count_descriptors() <= before);
	}
}

static void a_name_no_device_can_have_is_refused(void **state)
{
	struct far_side *far = *state;
	struct tunnel_settings settings = {.device = "sixteen-letters0"};

	assert_null(tunnel_watch(far->monitor, &settings));
	assert_int_equal(errno, EINVAL);
	settings.device = "";
	assert_null(tunnel_watch(far->monitor, &settings));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_device_that_is_not_there_is_down, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_deleted_device_is_down_at_once_and_its_namesake_a_new_epoch, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_device_from_before_the_start_is_seen, setup,
						teardown),
		cmocka_unit_test_setup_teardown(another_address_is_a_new_epoch, setup, teardown),
		cmocka_unit_test_setup_teardown(an_address_becoming_usable_is_news_but_no_new_epoch,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_address_gone_and_back_within_an_instant_is_a_new_epoch, setup, teardown),
		cmocka_unit_test_setup_teardown(a_device_set_down_or_bare_of_addresses_is_down,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_device_renamed_away_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_device_moved_to_another_namespace_is_gone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(news_lost_in_an_overrun_are_asked_for_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_monitor_leaves_nothing_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_no_device_can_have_is_refused, setup,
						teardown),
	};

	if (!far_side_enter_namespace()) {
		puts("skipped: no private network namespace is permitted here");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
