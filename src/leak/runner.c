/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tests in their order, each again when the ground moved under it. */
#include <stdlib.h>

#include "base/clock.h"
#include "config/config.h"
#include "run.h"

enum {
	REPEATS_MAX = 2,
};

static const struct {
	const char *id, *name, *about;
	run_test_fn *run;
	bool changes_things; /* and so is not repeated because something changed */
} tests[LEAK_TESTS] = {
	{"T0", "guard", "the kernel has the policy's rules, and egressd its tunnel",
	 test_environment, false},
	{"T1", "witness", "permitted packets are seen on every device that is watched",
	 test_witness, false},
	{"T2", "exit address", "origins see the VPN's address and not the real one", test_exit,
	 false},
	{"T3", "dns", "no name is asked for outside the tunnel", test_dns, false},
	{"T4", "ipv6", "nothing gets out by IPv6", test_ipv6, false},
	{"T5", "udp", "nothing gets out by UDP: QUIC, STUN, WebRTC", test_udp, false},
	{"T6", "raw", "nothing gets out by ICMP, raw sockets, fragments and frames", test_raw,
	 false},
	{"T7", "around", "nothing gets out when bound to a device, an address, the VPN's endpoint",
	 test_around, false},
	{"T8", "app", "an app has no way out but the proxy", test_app, false},
	{"T9", "kill switch", "nothing gets out when the tunnel goes, with flows open",
	 test_killswitch, true},
	{"T10", "tampering", "nobody else can change the rules", test_tampering, true},
	{"T11", "proxy", "the proxy does not lead to private places, and tells origins nothing",
	 test_proxy, false},
	{"T12", "namespace", "egressd and its network are where they belong", test_namespace,
	 false},
};

const char *leak_test_id(size_t test)
{
	return tests[test].id;
}

const char *leak_test_name(size_t test)
{
	return tests[test].name;
}

const char *leak_test_about(size_t test)
{
	return tests[test].about;
}

/* Whoever comes by a device that is not watched, or not any more, is not seen. */
static void check_devices(struct leak_run *run, struct leak_test *test)
{
	const char *broken = witness_broken(run->witness);

	if (broken != NULL)
		test_found(test, LEAK_INCONCLUSIVE,
			   "nothing is captured on %s any more: it has gone, or gone down", broken);
	if (run->links == 0 || run_links(run) != run->links)
		test_found(test, LEAK_INCONCLUSIVE,
			   "a device came, went, or changed its state since the start, and what "
			   "leaves by it is not seen: run it again");
}

static void runner_run(struct leak_run *run, struct leak_test *test, size_t number)
{
	int64_t began = clock_monotonic_ms();
	bool moved = true;

	for (unsigned i = 0; moved && i <= REPEATS_MAX; i++) {
		uint64_t before = run_fingerprint(run);

		test_begin(test, tests[number].id, tests[number].name);
		test->repeats = i;
		tests[number].run(run, test);
		/* What was seen to leak has leaked, whatever moved. */
		moved = run_fingerprint(run) != before && !tests[number].changes_things &&
			test->result != LEAK_FOUND;
	}
	if (moved)
		test_found(test, LEAK_INCONCLUSIVE,
			   "the rules or the tunnel changed during each of %d tries",
			   REPEATS_MAX + 1);
	check_devices(run, test);
	test->duration_ms = clock_monotonic_ms() - began;
}

void leak_run(const struct leak_options *options, struct leak_report *report)
{
	struct leak_run *run = calloc(1, sizeof(*run));
	int64_t began = clock_monotonic_ms();

	*report = (struct leak_report){.started_ms = clock_wall_ms(),
				       .problem_exit = LEAK_EXIT_INCONCLUSIVE,
				       .problem = "out of memory"};
	if (run == NULL)
		return;
	report->problem[0] = '\0';
	run->options = options;
	run->report = report;
	if (run_open(run)) {
		for (size_t i = 0; i < LEAK_TESTS; i++) {
			struct leak_test *test = &report->tests[report->test_count];

			if (options->tests != 0 && (options->tests >> i & 1) == 0)
				continue;
			test_begin(test, tests[i].id, tests[i].name);
			if (options->progress != NULL)
				options->progress(options->arg, test, true);
			runner_run(run, test, i);
			report->test_count++;
			if (options->progress != NULL)
				options->progress(options->arg, test, false);
		}
	}
	report->control_seen = run->uplink_seen;
	run_close(run);
	free(run);
	report->duration_ms = clock_monotonic_ms() - began;
}
