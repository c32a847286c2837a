/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: what reading a rule knows half-way. */
#ifndef FIREWALL_DECODE_H
#define FIREWALL_DECODE_H

#include "expression.h"
#include "nf_tables.h"

enum loaded {
	LOADED_NOTHING,
	LOADED_META,
	LOADED_CONNTRACK,
	LOADED_PAYLOAD,
	LOADED_ROUTE,
};

struct decoder {
	struct ruleset_rule *rule;
	bool netdev;
	bool ethernet; /* made sure of, for the type in the frame */
	enum loaded loaded;
	uint32_t key;                  /* of meta and ct */
	uint32_t base, offset;         /* of payload */
	uint32_t len;                  /* of payload, and of an address that is the flow's */
	bool masked, finished, ranges; /* ranges: the lower end has been seen */
	uint32_t mask, flip;
	uint8_t bits;       /* of an address that was masked */
	sa_family_t family; /* that the rule has made sure of, and that awaits its use */
	bool family_awaits;
	uint32_t protocol;
	size_t protocol_match; /* 1 + the place of the match that is only a port's condition so far
				*/
};

/* A new match of the rule; what was loaded is used up. NULL: too many. */
struct rule_match *decoder_match(struct decoder *decoder, enum match_kind kind);

/* Was an address loaded, or something of the packet that may be one? */
bool decoder_has_address(const struct decoder *decoder);

/* A match of the first bits of an address, so many bytes of which are looked at; NULL when none was
 * loaded. */
struct rule_match *decode_who(struct decoder *decoder, uint32_t len);

/* What was loaded, compared with a constant. False: never by us. */
bool decode_compare(struct decoder *decoder, const struct nftnl_expr *expression);

#endif
