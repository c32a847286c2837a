/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what a policy needs of the network to the rules that let through that and nothing else.
 * Pure.
 */
#ifndef FIREWALL_DERIVE_H
#define FIREWALL_DERIVE_H

#include <stddef.h>

#include "base/compiler.h"
#include "firewall/policy.h"
#include "firewall/ruleset.h"

#define FIREWALL_TABLE "egressd"
#define FIREWALL_TABLE_APP "egressd_app"
#define FIREWALL_TABLE_HOST "egressd_host"
#define FIREWALL_TABLE_WITNESS "egressd_witness"

/* The witness's counters. */
#define FIREWALL_LEAKED "leaked"
#define FIREWALL_EXPECTED "expected"
#define FIREWALL_CARRIER "carrier"
#define FIREWALL_OTHERS "others"

enum firewall_kind {
	/* In the tunnel's namespace: what the proxy's user sends leaves by a tunnel, except answers
	 * to clients and forwards, forwards' second legs and targets; apps reach the listeners and
	 * forwards and nothing else there, and what comes out of a tunnel reaches neither. */
	FIREWALL_GATEWAY,
	/* The same, and nobody else in that namespace sends anything but by the tunnels and to the
	 * VPN's endpoints, in raw frames neither. */
	FIREWALL_STRICT,
	/* In a namespace of its own: by a tunnel that is there, to the targets and, with direct, to
	 * public addresses; and what is not its own to forward goes nowhere. */
	FIREWALL_HUB,
	FIREWALL_APP,  /* in an app's namespace: only listeners and forwards with an address,
			* in raw frames too */
	FIREWALL_HOST, /* where the bridge is: what comes from the bridge goes nowhere else */
	/* Lets everything through, and counts what leaves by the links: FIREWALL_LEAKED is ours and
	 * had no business there. Without links it counts one step earlier: no raw frames. */
	FIREWALL_WITNESS,
};

enum {
	FIREWALL_TABLES_MAX = 2,
};

struct firewall_table {
	enum ruleset_family family;
	const char *name;
};

/* One ruleset a table. */
struct firewall_rules {
	struct ruleset tables[FIREWALL_TABLES_MAX];
	size_t count;
};

/* Initialises *rules; the caller clears it in any case. table NULL: the kind's own. -1 + errno:
 * ENOMEM, or EINVAL when *problem (static) says why there can be no such rules. */
MUST_CHECK int firewall_derive(enum firewall_kind kind, const struct firewall_policy *policy,
			       const char *table, struct firewall_rules *rules,
			       const char **problem);
void firewall_rules_clear(struct firewall_rules *rules);

/* Every table that rules of a kind can be in; returns how many. */
size_t firewall_tables(enum firewall_kind kind, const char *table,
		       struct firewall_table tables[FIREWALL_TABLES_MAX]);

/* The gateway's kind that a policy asks for. */
enum firewall_kind firewall_kind_of(const struct firewall_policy *policy);

#endif
