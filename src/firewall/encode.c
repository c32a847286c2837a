/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a rule to the kernel's expressions. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "expression.h"
#include "nf_tables.h"

struct encoder {
	struct nftnl_rule *rule;
	bool netdev;
	sa_family_t family; /* that the rule has made sure of */
	uint32_t protocol;
	bool failed;
};

static struct nftnl_expr *encoder_add(struct encoder *encoder, const char *name)
{
	struct nftnl_expr *expression = nftnl_expr_alloc(name);

	if (expression == NULL)
		encoder->failed = true;
	else
		nftnl_rule_add_expr(encoder->rule, expression);
	return expression;
}

static void encode_meta(struct encoder *encoder, uint32_t key)
{
	struct nftnl_expr *expression = encoder_add(encoder, "meta");

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_META_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_META_KEY, key);
}

static void encode_compare(struct encoder *encoder, uint32_t operation, const void *bytes,
			   uint32_t len)
{
	struct nftnl_expr *expression = encoder_add(encoder, "cmp");

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_CMP_OP, operation);
	if (nftnl_expr_set(expression, NFTNL_EXPR_CMP_DATA, bytes, len) < 0)
		encoder->failed = true;
}

static void encode_conntrack(struct encoder *encoder, uint32_t key, bool original)
{
	struct nftnl_expr *expression = encoder_add(encoder, "ct");

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_CT_KEY, key);
	if (original)
		nftnl_expr_set_u8(expression, NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
}

static void encode_bits(struct encoder *encoder, const void *mask, const void *flip, uint32_t len)
{
	struct nftnl_expr *expression = encoder_add(encoder, "bitwise");

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_BITWISE_LEN, len);
	if (nftnl_expr_set(expression, NFTNL_EXPR_BITWISE_MASK, mask, len) < 0 ||
	    nftnl_expr_set(expression, NFTNL_EXPR_BITWISE_XOR, flip, len) < 0)
		encoder->failed = true;
}

static void encode_word_bits(struct encoder *encoder, uint32_t mask, uint32_t flip)
{
	encode_bits(encoder, &mask, &flip, sizeof(mask));
}

static void encode_payload(struct encoder *encoder, uint32_t base, uint32_t offset, uint32_t len)
{
	struct nftnl_expr *expression = encoder_add(encoder, "payload");

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_PAYLOAD_LEN, len);
}

static void encode_lookup(struct encoder *encoder, const char *set)
{
	struct nftnl_expr *expression = encoder_add(encoder, "lookup");

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	if (nftnl_expr_set_str(expression, NFTNL_EXPR_LOOKUP_SET, set) < 0)
		encoder->failed = true;
}

static void encode_device(struct encoder *encoder, const struct rule_match *match)
{
	/* All sixteen bytes: a shorter comparison is one with a wildcard. */
	char name[IFNAMSIZ] = {0};

	memcpy(name, match->device, strnlen(match->device, sizeof(name) - 1));
	encode_meta(encoder, match->kind == MATCH_DEVICE_IN ? NFT_META_IIFNAME : NFT_META_OIFNAME);
	encode_compare(encoder, match->inverted ? NFT_CMP_NEQ : NFT_CMP_EQ, name, sizeof(name));
}

static void encode_protocol(struct encoder *encoder, uint32_t protocol)
{
	uint8_t byte = (uint8_t)protocol;

	if (encoder->protocol == protocol)
		return;
	encoder->protocol = protocol;
	encode_meta(encoder, NFT_META_L4PROTO);
	encode_compare(encoder, NFT_CMP_EQ, &byte, sizeof(byte));
}

static void encode_family(struct encoder *encoder, sa_family_t family)
{
	uint8_t byte = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	uint16_t type = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6);

	if (encoder->family == family)
		return;
	encoder->family = family;
	if (encoder->netdev) {
		encode_meta(encoder, NFT_META_PROTOCOL);
		encode_compare(encoder, NFT_CMP_EQ, &type, sizeof(type));
		return;
	}
	encode_meta(encoder, NFT_META_NFPROTO);
	encode_compare(encoder, NFT_CMP_EQ, &byte, sizeof(byte));
}

static void encode_who(struct encoder *encoder, const struct rule_match *match)
{
	static const uint8_t zeros[16];
	const struct address *address = &match->prefix.address;
	bool is_v4 = address->family == AF_INET;
	bool is_source = match->kind == MATCH_SOURCE;
	uint32_t len = is_v4 ? 4 : 16;
	struct address mask = prefix_mask(&match->prefix);

	if (match->kind == MATCH_ORIGIN) {
		encode_conntrack(encoder, is_v4 ? NFT_CT_SRC_IP : NFT_CT_SRC_IP6, true);
	} else {
		encode_family(encoder, address->family);
		encode_payload(encoder, NFT_PAYLOAD_NETWORK_HEADER,
			       is_v4 ? (is_source ? HEADER_IPV4_SOURCE : HEADER_IPV4_DESTINATION)
				     : (is_source ? HEADER_IPV6_SOURCE : HEADER_IPV6_DESTINATION),
			       len);
	}
	if (match->prefix.bits < len * 8)
		encode_bits(encoder, mask.bytes, zeros, len);
	if (match->set[0] != '\0')
		encode_lookup(encoder, match->set);
	else
		encode_compare(encoder, NFT_CMP_EQ, address->bytes, len);
}

static void encode_port(struct encoder *encoder, const struct rule_match *match)
{
	uint16_t low = htons(match->low), high = htons(match->high);

	encode_protocol(encoder, match->number);
	encode_payload(encoder, NFT_PAYLOAD_TRANSPORT_HEADER,
		       match->kind == MATCH_SOURCE_PORT ? HEADER_SOURCE_PORT
							: HEADER_DESTINATION_PORT,
		       sizeof(low));
	if (low == high) {
		encode_compare(encoder, NFT_CMP_EQ, &low, sizeof(low));
		return;
	}
	encode_compare(encoder, NFT_CMP_GTE, &low, sizeof(low));
	encode_compare(encoder, NFT_CMP_LTE, &high, sizeof(high));
}

static void encode_icmp_type(struct encoder *encoder, const struct rule_match *match)
{
	uint8_t low = (uint8_t)match->low, high = (uint8_t)match->high;

	encode_family(encoder, AF_INET6);
	encode_protocol(encoder, IPPROTO_ICMPV6);
	encode_payload(encoder, NFT_PAYLOAD_TRANSPORT_HEADER, HEADER_ICMP_TYPE, sizeof(low));
	if (low == high) {
		encode_compare(encoder, NFT_CMP_EQ, &low, sizeof(low));
		return;
	}
	encode_compare(encoder, NFT_CMP_GTE, &low, sizeof(low));
	encode_compare(encoder, NFT_CMP_LTE, &high, sizeof(high));
}

static void encode_flow(struct encoder *encoder, const struct rule_match *match)
{
	uint32_t mark = RULE_MARK, zero = 0;
	uint8_t reply = IP_CT_DIR_REPLY;

	if (match->kind == MATCH_REPLY) {
		encode_conntrack(encoder, NFT_CT_DIRECTION, false);
		encode_compare(encoder, NFT_CMP_EQ, &reply, sizeof(reply));
	} else if (match->kind == MATCH_MARKED) {
		encode_conntrack(encoder, NFT_CT_MARK, false);
		encode_word_bits(encoder, RULE_MARK_MASK, 0);
		encode_compare(encoder, NFT_CMP_EQ, &mark, sizeof(mark));
	} else {
		encode_conntrack(encoder, NFT_CT_STATE, false);
		encode_word_bits(encoder, STATE_INVALID, 0);
		encode_compare(encoder, NFT_CMP_NEQ, &zero, sizeof(zero));
	}
}

static void encode_packet_mark(struct encoder *encoder, const struct rule_match *match)
{
	encode_meta(encoder, NFT_META_MARK);
	if (match->mask != UINT32_MAX)
		encode_word_bits(encoder, match->mask, 0);
	encode_compare(encoder, NFT_CMP_EQ, &match->number, sizeof(match->number));
}

static void encode_stray(struct encoder *encoder)
{
	struct nftnl_expr *expression = encoder_add(encoder, "fib");
	uint32_t local = RTN_LOCAL;

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_SADDR | NFTA_FIB_F_OIF);
	encode_compare(encoder, NFT_CMP_NEQ, &local, sizeof(local));
}

/* The frame's own word for it: what a raw socket says of its frames is whatever it likes. */
static void encode_arp(struct encoder *encoder)
{
	uint16_t ethernet = ARPHRD_ETHER, arp = htons(ETH_P_ARP);

	encode_meta(encoder, NFT_META_IIFTYPE);
	encode_compare(encoder, NFT_CMP_EQ, &ethernet, sizeof(ethernet));
	encode_payload(encoder, NFT_PAYLOAD_LL_HEADER, HEADER_ETHER_TYPE, sizeof(arp));
	encode_compare(encoder, NFT_CMP_EQ, &arp, sizeof(arp));
}

static void encode_match(struct encoder *encoder, const struct rule_match *match)
{
	switch (match->kind) {
	case MATCH_DEVICE_IN:
	case MATCH_DEVICE_OUT:
		encode_device(encoder, match);
		break;
	case MATCH_UID:
		encode_meta(encoder, NFT_META_SKUID);
		encode_compare(encoder, NFT_CMP_EQ, &match->number, sizeof(match->number));
		break;
	case MATCH_MARKED:
	case MATCH_REPLY:
	case MATCH_INVALID:
		encode_flow(encoder, match);
		break;
	case MATCH_MARK:
		encode_packet_mark(encoder, match);
		break;
	case MATCH_STRAY:
		encode_stray(encoder);
		break;
	case MATCH_ARP:
		encode_arp(encoder);
		break;
	case MATCH_PROTOCOL:
		encode_protocol(encoder, match->number);
		break;
	case MATCH_SOURCE:
	case MATCH_DESTINATION:
	case MATCH_ORIGIN:
		encode_who(encoder, match);
		break;
	case MATCH_SOURCE_PORT:
	case MATCH_DESTINATION_PORT:
		encode_port(encoder, match);
		break;
	case MATCH_ICMPV6_TYPE:
		encode_icmp_type(encoder, match);
		break;
	}
}

static void encode_mark(struct encoder *encoder)
{
	struct nftnl_expr *expression;

	encode_conntrack(encoder, NFT_CT_MARK, false);
	encode_word_bits(encoder, ~(uint32_t)RULE_MARK_MASK, RULE_MARK);
	expression = encoder_add(encoder, "ct");
	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_CT_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_CT_KEY, NFT_CT_MARK);
}

static void encode_stamp(struct encoder *encoder, uint32_t stamp)
{
	struct nftnl_expr *expression;

	encode_meta(encoder, NFT_META_MARK);
	encode_word_bits(encoder, ~(uint32_t)RULE_MARK_MASK, stamp);
	expression = encoder_add(encoder, "meta");
	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_META_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_META_KEY, NFT_META_MARK);
}

static void encode_counter(struct encoder *encoder, const char *name)
{
	struct nftnl_expr *expression = encoder_add(encoder, "objref");

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	if (nftnl_expr_set_str(expression, NFTNL_EXPR_OBJREF_IMM_NAME, name) < 0)
		encoder->failed = true;
}

static void encode_reject(struct encoder *encoder, bool reset)
{
	struct nftnl_expr *expression = encoder_add(encoder, "reject");

	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_REJECT_TYPE,
			   reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
	nftnl_expr_set_u8(expression, NFTNL_EXPR_REJECT_CODE,
			  reset ? 0 : NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

static void encode_verdict(struct encoder *encoder, const struct ruleset_rule *rule)
{
	static const int verdicts[] = {[VERDICT_ACCEPT] = NF_ACCEPT,
				       [VERDICT_DROP] = NF_DROP,
				       [VERDICT_GOTO] = NFT_GOTO,
				       [VERDICT_JUMP] = NFT_JUMP};
	struct nftnl_expr *expression;

	if (rule->verdict == VERDICT_CONTINUE)
		return;
	if (rule->verdict == VERDICT_RESET || rule->verdict == VERDICT_REJECT) {
		encode_reject(encoder, rule->verdict == VERDICT_RESET);
		return;
	}
	expression = encoder_add(encoder, "immediate");
	if (expression == NULL)
		return;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdicts[rule->verdict]);
	if ((rule->verdict == VERDICT_GOTO || rule->verdict == VERDICT_JUMP) &&
	    nftnl_expr_set_str(expression, NFTNL_EXPR_IMM_CHAIN, rule->target) < 0)
		encoder->failed = true;
}

int rule_encode(enum ruleset_family family, const struct ruleset_rule *rule, struct nftnl_rule *out)
{
	struct encoder encoder = {.rule = out, .netdev = family == RULESET_NETDEV};

	for (size_t i = 0; i < rule->match_count; i++)
		encode_match(&encoder, &rule->matches[i]);
	if (rule->marks)
		encode_mark(&encoder);
	if (rule->stamp != 0)
		encode_stamp(&encoder, rule->stamp);
	if (rule->counter[0] != '\0')
		encode_counter(&encoder, rule->counter);
	encode_verdict(&encoder, rule);
	if (!encoder.failed)
		return 0;
	errno = ENOMEM;
	return -1;
}
