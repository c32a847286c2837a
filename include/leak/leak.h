/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The leak test: what it is told, and what it found. Blocking, one thread, root. */
#ifndef LEAK_LEAK_H
#define LEAK_LEAK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

struct config;
struct firewall_rules;

enum {
	LEAK_TESTS = 13,
	LEAK_WORDS = 400,
	LEAK_EVIDENCE_MAX = 6,
};

enum leak_result {
	LEAK_PASS,
	LEAK_SKIP,         /* some of it could not be tried, and summary says why */
	LEAK_INCONCLUSIVE, /* tried, and nothing is proved */
	LEAK_FOUND,
};

enum leak_exit {
	LEAK_EXIT_PASS,
	LEAK_EXIT_LEAK,
	LEAK_EXIT_INCONCLUSIVE,
	LEAK_EXIT_USAGE,
	LEAK_EXIT_PRIVILEGE,    /* or the kernel lacks something */
	LEAK_EXIT_NOT_RESTORED, /* the loudest */
};

struct leak_evidence {
	int64_t at_us; /* since the Unix epoch */
	char device[IFNAMSIZ];
	char place[20];   /* uplink, app, ... */
	char packet[200]; /* "udp 192.168.44.2:4000 > 9.9.9.9:53, 60 bytes" */
	char probe[64];   /* which of ours it was */
	char tag[33];     /* in hexadecimal */
};

struct leak_test {
	const char *id, *name;
	const char *mode; /* "", "simulated", "disruptive" */
	enum leak_result result;
	unsigned probes;   /* sent or tried */
	unsigned controls; /* permitted packets that the witness had to see, and saw */
	unsigned leaked;   /* packets */
	unsigned repeats;  /* because the tunnel or the rules changed meanwhile */
	int64_t duration_ms;
	char summary[LEAK_WORDS], cause[LEAK_WORDS], fix[LEAK_WORDS];
	struct leak_evidence evidence[LEAK_EVIDENCE_MAX];
	size_t evidence_count;
};

struct leak_report {
	int64_t started_ms, duration_ms;
	char devices[120]; /* of the tunnels */
	char uplink[IFNAMSIZ];
	char watched[1000]; /* every device with a tap */
	char carrier[80];   /* the tunnel's own packets: "udp 45.80.2.2:1194"; "" none seen */
	uint64_t carrier_packets, other_packets, lost_packets;
	bool control_seen;
	char table[32], rules[20]; /* "same", "different", "missing", "unknown" */
	bool owned;
	uint32_t generation_before, generation_after;
	bool not_restored;
	char problem[LEAK_WORDS]; /* why there was no test at all */
	enum leak_exit problem_exit;
	struct leak_test tests[LEAK_TESTS];
	size_t test_count;
};

/* Everything is borrowed; NULL, 0 and AF_UNSPEC: not given. */
struct leak_options {
	const struct config *config;
	const struct firewall_rules *wanted; /* the gateway's */
	bool is_hub;                         /* they are the kind "hub" of egressctl rules */
	uint32_t uid;                        /* of the proxy */
	const char *socket_path;             /* of egressd */
	uint32_t tests;                      /* a bit for each; 0: all */
	bool disruptive, direct_query;
	const char *device; /* the only one to watch */
	const char *apps;   /* by commas: a process, a name of ip-netns(8), a path, "clients" */
	const char *host;   /* the same, of the machine whose ways out are watched too */
	const char *pcap_path, *proxy_url, *exit_url, *exit_url6, *echo_url, *rebinding_name;
	const char *down_command, *up_command;
	struct address real4, real6; /* as the world sees this place without a tunnel */
	struct address endpoint;     /* of the VPN */
	struct address target4, target6;
	void (*progress)(void *arg, const struct leak_test *test, bool begins);
	void *arg;
};

/* The tests there are: test is below LEAK_TESTS, and each text is static. */
const char *leak_test_id(size_t test);
const char *leak_test_name(size_t test);
const char *leak_test_about(size_t test);

/* Runs them one after the other, within minutes. Where there was none at all, report->problem says
 * why. Nothing outlives it but, with disruptive, a tunnel that could not be put back. */
void leak_run(const struct leak_options *options, struct leak_report *report);

/* Pure. strict: what was skipped counts as undecided. */
enum leak_exit leak_exit_code(const struct leak_report *report, bool strict);
enum leak_result leak_overall(const struct leak_report *report);
const char *leak_result_name(enum leak_result result);

#endif
