/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: rules as the kernel's little machine runs them. */
#ifndef FIREWALL_EXPRESSION_H
#define FIREWALL_EXPRESSION_H

#include "base/compiler.h"
#include "firewall/ruleset.h"
#include "nf_tables.h"

enum {
	/* Of the headers that the rules look into. */
	HEADER_IPV4_SOURCE = 12,
	HEADER_IPV4_DESTINATION = 16,
	HEADER_IPV6_SOURCE = 8,
	HEADER_IPV6_DESTINATION = 24,
	HEADER_SOURCE_PORT = 0,
	HEADER_DESTINATION_PORT = 2,
	HEADER_ICMP_TYPE = 0,
	HEADER_ETHER_TYPE = 12,
	/* The bit that "ct state" has for it. */
	STATE_INVALID = 1,
};

/* Adds the rule's expressions; the same ones, in the same order, that nft makes of its text. -1 +
 * ENOMEM. */
MUST_CHECK int rule_encode(enum ruleset_family family, const struct ruleset_rule *rule,
			   struct nftnl_rule *out);

/* What is not exactly as rule_encode makes it comes out as foreign. */
void rule_decode(enum ruleset_family family, struct nftnl_rule *rule, struct ruleset_rule *out);

#endif
