/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: what both directions of the gateway's rules share. */
#ifndef FIREWALL_GATEWAY_H
#define FIREWALL_GATEWAY_H

#include "compose.h"

struct gateway {
	const struct firewall_policy *policy;
	struct ruleset *ruleset;
	unsigned set_number;
};

/* Who may come to a service, as rules see it: one family at a time. */
struct party {
	char set[RULESET_NAME_SIZE]; /* "": anyone */
	sa_family_t family;          /* AF_UNSPEC: of either family */
};

enum {
	PARTIES_MAX = 2,
};

/* Fills parties and returns how many there are. Adds the sets that they need. */
size_t service_parties(struct gateway *gateway, const struct firewall_service *service,
		       struct party parties[PARTIES_MAX]);
void rule_party(struct gateway *gateway, struct ruleset_rule *rule, enum match_kind kind,
		const struct party *party);

/* The chains at the input and forward hooks. */
void gateway_input(struct gateway *gateway);

#endif
