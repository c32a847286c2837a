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
	RUN_PROBES_MAX = 64,
	RUN_FLOWS_MAX = 48,
	RUN_DEVICES_MAX = 8,
	ALL_CAPABILITIES = -1,
};

enum rules_state { RULES_UNKNOWN, RULES_MISSING, RULES_DIFFERENT, RULES_SAME };

struct flow_count {
	uint8_t protocol;
	struct address to;
	uint64_t packets;
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
	int app_netns;               /* -1: none */
	uint64_t app_capabilities;   /* the most that somebody there has */
	char app_who[80];
	struct network app;
	const struct network_link *app_link; /* towards the gateway, or NULL */
	uint8_t gateway_mac[MAC_LEN];
	bool gateway_mac_known;
	struct address proxy; /* as an address of the gateway; AF_UNSPEC: none known */
	char proxy_url[200];
	struct flow_count flows[RUN_FLOWS_MAX];
	size_t flow_count;
	uint64_t others;
};

typedef void run_test_fn(struct leak_run *run, struct leak_test *test);

run_test_fn test_environment, test_witness, test_exit, test_dns, test_ipv6, test_udp, test_raw,
	test_around, test_app, test_killswitch, test_tampering, test_proxy, test_namespace;

/* Worse results win over better ones. words: one sentence; an empty cause or fix stays. */
void test_found(struct leak_test *test, enum leak_result result, const char *format, ...)
	PRINTF_LIKE(3, 4);
void test_cause(struct leak_test *test, const char *fix, const char *format, ...) PRINTF_LIKE(3, 4);
void test_evidence(struct leak_test *test, const struct sighting *sighting,
		   const struct leak_probe *probe);

/* --- setting up, and what is there --- */

/* False: report->problem says why. */
MUST_CHECK bool run_open(struct leak_run *run);
void run_close(struct leak_run *run);
bool run_device_is_tunnel(const struct leak_run *run, const char *device);
/* Counts what passed the uplink and was none of ours. */
void run_count(struct leak_run *run, const struct sighting *sighting);
/* What must not change while a test runs: the rules' generation and the tunnels. */
uint64_t run_fingerprint(struct leak_run *run);
/* Reads the kernel's rules and compares them. */
void run_check_rules(struct leak_run *run);

/* --- batches of probes --- */

struct batch_of_probes {
	struct leak_run *run;
	struct leak_test *test;
	struct identity identity;
	bool from_app;
	struct leak_probe *probes; /* of probes_new(RUN_PROBES_MAX) */
	size_t count;
	unsigned leaked[RUN_PROBES_MAX];
	enum witness_place leaked_at[RUN_PROBES_MAX];
	bool to_gateway[RUN_PROBES_MAX]; /* an app's packet that went to the gateway's MAC */
	struct leak_probe *controls;
	size_t control_count;
	bool seen[RUN_PROBES_MAX]; /* of the controls */
};

/* As the proxy's user here, or as an app. False: out of memory. */
MUST_CHECK bool batch_of_probes_init(struct batch_of_probes *batch, struct leak_run *run,
				     struct leak_test *test, bool from_app);
void batch_of_probes_clear(struct batch_of_probes *batch);
/* NULL when there are too many. */
struct leak_probe *batch_of_probes_add(struct batch_of_probes *batch, enum probe_kind kind,
				       const struct address *to, uint16_t port, const char *name);
/* Sends, watches, sends the controls, and judges into the test. */
void batch_of_probes_run(struct batch_of_probes *batch);

/* Fills batch->controls with a permitted packet of every kind and family among the probes, sends
 * them, and waits until the witness has seen them. Returns how many kinds it did not see. */
size_t controls_run(struct batch_of_probes *batch);
/* One control of a kind on a device of here; true: the witness saw it. */
MUST_CHECK bool control_on(struct leak_run *run, const struct network_link *link,
			   enum probe_kind kind, sa_family_t family);

/* False: at the way out nothing is seen, which has been told. */
MUST_CHECK bool control_uplink(struct leak_run *run, struct leak_test *test);

/* What is wrong when this probe was seen, and what helps. */
void cause_tell(struct batch_of_probes *batch, size_t probe);

/* --- through the proxy --- */

struct proxy_answer {
	bool done;
	int error; /* libcurl's; 0: the proxy answered */
	char problem[160];
	long status;            /* of the origin, or of the proxy's refusal */
	long connected;         /* of CONNECT; 0: none */
	char proxy_status[200]; /* egressd's field; "": not from egressd itself */
	char body[4096];
	size_t body_len;
};

/* One request as the app, or from here. direct: without the proxy, bound to the uplink. Goes on
 * watching: each sighting goes to seen, when it is given. */
void proxy_ask(struct leak_run *run, const char *url, bool direct, struct proxy_answer *answer,
	       witness_fn *seen, void *arg);
/* True when egressd refused because it does not know who asks. */
bool proxy_knows_us(const struct proxy_answer *answer);

#endif
