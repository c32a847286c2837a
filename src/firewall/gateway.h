/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: what both directions of the gateway's rules share. */
#ifndef FIREWALL_GATEWAY_H
#define FIREWALL_GATEWAY_H

#include "compose.h"

struct gateway {
	const struct firewall_policy *policy;
	struct ruleset *ruleset;
	struct parties apps, special; /* special: what direct may not reach */
	unsigned list_number;         /* of the last one that needed a set */
	bool strict;                  /* nobody else leaves either */
	bool hub;                     /* no tunnel here, and no router */
	bool frames;                  /* in a table of family netdev: there are no flows there */
	bool stamps;                  /* for the witness: nothing is judged */
	const char *refuse;           /* the chain of what is special */
};

enum {
	/* What the witness puts into packets of ours that leave beside the tunnel: these may, */
	STAMP_EXPECTED = 0xe7000000,
	/* and these may not. */
	STAMP_LEAKED = RULE_MARK,
};

/* Each initialises *ruleset, as firewall_derive does. */
MUST_CHECK int derive_gateway(const struct firewall_policy *policy, const char *table,
			      struct ruleset *ruleset, const char **problem);
MUST_CHECK int derive_strict(const struct firewall_policy *policy, const char *table,
			     struct ruleset *ruleset, const char **problem);
MUST_CHECK int derive_strict_frames(const struct firewall_policy *policy, const char *table,
				    struct ruleset *ruleset, const char **problem);
MUST_CHECK int derive_hub(const struct firewall_policy *policy, const char *table,
			  struct ruleset *ruleset, const char **problem);
MUST_CHECK int derive_app(const struct firewall_policy *policy, const char *table,
			  struct ruleset *ruleset, const char **problem);
MUST_CHECK int derive_app_frames(const struct firewall_policy *policy, const char *table,
				 struct ruleset *ruleset, const char **problem);
MUST_CHECK int derive_host(const struct firewall_policy *policy, const char *table,
			   struct ruleset *ruleset, const char **problem);
MUST_CHECK int derive_witness(const struct firewall_policy *policy, const char *table,
			      struct ruleset *ruleset, const char **problem);
MUST_CHECK int derive_witness_frames(const struct firewall_policy *policy, const char *table,
				     struct ruleset *ruleset, const char **problem);

/* Who may come to a service. Adds the sets that they need. */
void service_parties(struct gateway *gateway, const struct firewall_service *service,
		     struct parties *parties);

/* A rule each for what may leave, to the chain added last. */
void own_ways(struct gateway *gateway);
void own_reach(struct gateway *gateway, const struct address *address, uint32_t protocol,
	       const char *counter);
/* Those at loopback addresses, or those that are not. */
void own_targets(struct gateway *gateway, bool loopback);
void own_direct(struct gateway *gateway);

/* What every one of its tables begins with: who the apps are, and what is special. -1 + errno. */
MUST_CHECK int gateway_begin(struct gateway *gateway, enum ruleset_family family, const char *table,
			     const char **problem);

/* The chains at the input and forward hooks. */
void gateway_input(struct gateway *gateway);

#endif
