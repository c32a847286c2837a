/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: a run of the leak test, and what its tests share. */
#ifndef LEAK_RUN_H
#define LEAK_RUN_H

#include "firewall/kernel.h"
#include "leak/leak.h"
#include "leak/network.h"
#include "leak/sender.h"
#include "leak/witness.h"

enum {
	RUN_PROBES_MAX = 256, /* for 15 ways out */
	RUN_FLOWS_MAX = 48,
	RUN_DEVICES_MAX = 8,
	LEAK_APPS_MAX = 16,
	ALL_CAPABILITIES = -1,
};

enum rules_state { RULES_UNKNOWN, RULES_MISSING, RULES_DIFFERENT, RULES_SAME };

struct flow_count {
	uint8_t protocol;
	struct address to;
	uint64_t packets;
};

struct leak_app {
	int netns;             /* -1: none was named */
	bool is_here;          /* it is the namespace we run in */
	uint64_t capabilities; /* the most that somebody there has */
	char who[80];
	struct network network;
	const struct network_link *link; /* towards the gateway, or NULL */
	uint8_t gateway_mac[MAC_LEN];
	bool gateway_mac_known;
};

struct leak_run {
	const struct leak_options *options;
	struct leak_report *report;
	struct witness *witness;
	struct firewall *firewall; /* NULL: cannot be asked */
	char firewall_problem[FIREWALL_PROBLEM_SIZE];
	bool is_gateway;
	const char *tunnels[RUN_DEVICES_MAX];
	size_t tunnel_count;
	struct network here;
	const struct network_link *uplink; /* of here, or NULL */
	bool uplink_seen;                  /* a control there was */
	enum rules_state rules;
	char difference[LEAK_WORDS]; /* the first one of the rules */
	struct leak_app apps[LEAK_APPS_MAX];
	size_t app_count;
	struct leak_app *app; /* the one that is tried: the first, but for T8; never NULL */
	struct network host;  /* the namespace of --host */
	int host_netns;       /* -1: none, or it is this one */
	struct address proxy; /* as an address of the gateway; AF_UNSPEC: none known */
	char proxy_url[200];
	struct flow_count flows[RUN_FLOWS_MAX];
	size_t flow_count;
	uint64_t others;
	uint64_t links; /* run_links when the witness began */
};

typedef void run_test_fn(struct leak_run *run, struct leak_test *test);

run_test_fn test_environment, test_witness, test_exit, test_dns, test_ipv6, test_udp, test_raw,
	test_around, test_app, test_killswitch, test_tampering, test_proxy, test_namespace;

/* Undecided, until something is found. id, name: borrowed, as long as the test is. */
void test_begin(struct leak_test *test, const char *id, const char *name);
/* Worse results win over better ones. One sentence each; a new cause takes the old one's place. */
void test_found(struct leak_test *test, enum leak_result result, const char *format, ...)
	PRINTF_LIKE(3, 4);
void test_cause(struct leak_test *test, const char *fix, const char *format, ...) PRINTF_LIKE(3, 4);
void test_evidence(struct leak_test *test, const struct sighting *sighting,
		   const struct leak_probe *probe);
/* What puts the policy's rules of the gateway's kind in force here. */
const char *run_rules_cure(const struct leak_run *run);

/* --- setting up, and what is there --- */

/* False: report->problem says why. */
MUST_CHECK bool run_open(struct leak_run *run);
void run_close(struct leak_run *run);
bool run_device_is_tunnel(const struct leak_run *run, const char *device);
/* Is this device of the host's one that is watched? */
bool run_watches_of_host(const struct leak_run *run, const struct network_link *link);
/* Something could leave the gateway by it, beside the tunnel, and it is to be watched. */
bool run_link_leads_out(const struct leak_run *run, const struct network_link *link);
/* Counts what passed the uplink and was none of ours. */
void run_count(struct leak_run *run, const struct sighting *sighting);
/* What must not change while a test runs: the rules' generation and the tunnels. */
uint64_t run_fingerprint(struct leak_run *run);
/* What must not change at all: the devices that are watched, and those that are not since they are
 * down, here and in the app's namespace. 0: they cannot be read. */
uint64_t run_links(const struct leak_run *run);
/* Reads the kernel's rules and compares them. */
void run_check_rules(struct leak_run *run);

#endif
