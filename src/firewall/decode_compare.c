/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading what a rule asks: something is loaded, then compared. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "decode.h"
#include "nf_tables.h"

struct rule_match *decoder_match(struct decoder *decoder, enum match_kind kind)
{
	struct rule_match *match;

	if (decoder->rule->match_count == RULE_MATCHES_MAX)
		return NULL;
	match = &decoder->rule->matches[decoder->rule->match_count++];
	*match = (struct rule_match){.kind = kind};
	decoder->loaded = LOADED_NOTHING;
	return match;
}

bool decoder_has_address(const struct decoder *decoder)
{
	return decoder->loaded == LOADED_PAYLOAD ||
	       (decoder->loaded == LOADED_CONNTRACK &&
		(decoder->key == NFT_CT_SRC_IP || decoder->key == NFT_CT_SRC_IP6));
}

/* Which address of the packet was loaded, or the first bytes of which. */
static bool decode_side(struct decoder *decoder, enum match_kind *kind)
{
	bool is_v4 = decoder->family == AF_INET;
	uint32_t source = is_v4 ? HEADER_IPV4_SOURCE : HEADER_IPV6_SOURCE;
	uint32_t destination = is_v4 ? HEADER_IPV4_DESTINATION : HEADER_IPV6_DESTINATION;

	*kind = decoder->offset == source ? MATCH_SOURCE : MATCH_DESTINATION;
	decoder->family_awaits = false;
	return decoder->family != AF_UNSPEC && decoder->base == NFT_PAYLOAD_NETWORK_HEADER &&
	       (decoder->offset == source || decoder->offset == destination);
}

struct rule_match *decode_who(struct decoder *decoder, uint32_t len)
{
	struct prefix prefix = {.address.family = decoder->family};
	enum match_kind kind = MATCH_ORIGIN;
	struct rule_match *match;
	size_t whole;

	if (!decoder_has_address(decoder))
		return NULL;
	if (decoder->loaded == LOADED_CONNTRACK)
		prefix.address.family = decoder->key == NFT_CT_SRC_IP ? AF_INET : AF_INET6;
	else if (decoder->len != len || !decode_side(decoder, &kind))
		return NULL;
	whole = address_len(&prefix.address);
	/* nft compares no more bytes than a prefix has, where it has whole ones. */
	if (len == 0 || len > whole || (decoder->masked && len < whole))
		return NULL;
	prefix.bits = decoder->masked ? decoder->bits : (uint8_t)(len * 8);
	match = decoder_match(decoder, kind);
	if (match != NULL)
		match->prefix = prefix;
	return match;
}

/* What a packet is, before its addresses are looked at. */
static bool compare_family(struct decoder *decoder, const void *bytes, uint32_t len)
{
	uint16_t type = 0;
	uint8_t byte = 0;

	if (len != (decoder->netdev ? sizeof(type) : sizeof(byte)))
		return false;
	if (decoder->netdev)
		memcpy(&type, bytes, sizeof(type));
	else
		memcpy(&byte, bytes, sizeof(byte));
	decoder->family = AF_UNSPEC;
	if (byte == NFPROTO_IPV4 || ntohs(type) == ETH_P_IP)
		decoder->family = AF_INET;
	else if (byte == NFPROTO_IPV6 || ntohs(type) == ETH_P_IPV6)
		decoder->family = AF_INET6;
	decoder->family_awaits = true;
	decoder->loaded = LOADED_NOTHING;
	return decoder->family != AF_UNSPEC;
}

static bool compare_mark(struct decoder *decoder, const void *bytes, uint32_t len)
{
	uint32_t mask = decoder->masked ? decoder->mask : UINT32_MAX;
	struct rule_match *match = NULL;

	/* A whole mask is none. */
	if (len == sizeof(mask) && decoder->flip == 0 && (mask == UINT32_MAX) != decoder->masked)
		match = decoder_match(decoder, MATCH_MARK);
	if (match == NULL)
		return false;
	match->mask = mask;
	memcpy(&match->number, bytes, sizeof(match->number));
	return true;
}

static bool compare_ethernet(struct decoder *decoder, const void *bytes, uint32_t len)
{
	uint16_t type = 0;

	if (len == sizeof(type))
		memcpy(&type, bytes, sizeof(type));
	decoder->ethernet = true;
	decoder->loaded = LOADED_NOTHING;
	return type == ARPHRD_ETHER && decoder->netdev;
}

static bool compare_frame(struct decoder *decoder, uint32_t operation, const void *bytes,
			  uint32_t len)
{
	uint16_t type = 0;

	if (len == sizeof(type) && decoder->len == len)
		memcpy(&type, bytes, sizeof(type));
	if (operation != NFT_CMP_EQ || !decoder->ethernet || ntohs(type) != ETH_P_ARP ||
	    decoder->offset != HEADER_ETHER_TYPE)
		return false;
	decoder->ethernet = false;
	return decoder_match(decoder, MATCH_ARP) != NULL;
}

static bool compare_route(struct decoder *decoder, uint32_t operation, const void *bytes,
			  uint32_t len)
{
	uint32_t type = 0;

	if (len == sizeof(type))
		memcpy(&type, bytes, sizeof(type));
	return operation == NFT_CMP_NEQ && type == RTN_LOCAL &&
	       decoder_match(decoder, MATCH_STRAY) != NULL;
}

static bool compare_meta(struct decoder *decoder, uint32_t operation, const void *bytes,
			 uint32_t len)
{
	struct rule_match *match;
	uint8_t byte = 0;

	if (len == 1)
		memcpy(&byte, bytes, 1);
	if (decoder->key == NFT_META_IIFNAME || decoder->key == NFT_META_OIFNAME) {
		match = decoder_match(decoder, decoder->key == NFT_META_IIFNAME ? MATCH_DEVICE_IN
										: MATCH_DEVICE_OUT);
		if (match == NULL || len != IFNAMSIZ || operation > NFT_CMP_NEQ)
			return false;
		match->inverted = operation == NFT_CMP_NEQ;
		memcpy(match->device, bytes, IFNAMSIZ);
		return match->device[IFNAMSIZ - 1] == '\0';
	}
	if (operation != NFT_CMP_EQ)
		return false;
	if (decoder->key == (decoder->netdev ? NFT_META_PROTOCOL : NFT_META_NFPROTO))
		return compare_family(decoder, bytes, len);
	if (decoder->key == NFT_META_MARK)
		return compare_mark(decoder, bytes, len);
	if (decoder->key == NFT_META_IIFTYPE)
		return compare_ethernet(decoder, bytes, len);
	if (decoder->key != NFT_META_L4PROTO && decoder->key != NFT_META_SKUID)
		return false;
	match = decoder_match(decoder, decoder->key == NFT_META_SKUID ? MATCH_UID : MATCH_PROTOCOL);
	if (match == NULL || len != (match->kind == MATCH_UID ? sizeof(match->number) : 1))
		return false;
	if (match->kind == MATCH_UID) {
		memcpy(&match->number, bytes, sizeof(match->number));
		return true;
	}
	match->number = decoder->protocol = byte;
	decoder->protocol_match = decoder->rule->match_count;
	return true;
}

static bool compare_conntrack(struct decoder *decoder, uint32_t operation, const void *bytes,
			      uint32_t len)
{
	uint32_t word = 0;
	uint8_t byte = 0;

	if (decoder->key == NFT_CT_DIRECTION && len == sizeof(byte)) {
		memcpy(&byte, bytes, sizeof(byte));
		return operation == NFT_CMP_EQ && byte == IP_CT_DIR_REPLY && !decoder->masked &&
		       decoder_match(decoder, MATCH_REPLY) != NULL;
	}
	if (len != sizeof(word) || !decoder->masked || decoder->flip != 0)
		return false;
	memcpy(&word, bytes, sizeof(word));
	if (decoder->key == NFT_CT_MARK)
		return operation == NFT_CMP_EQ && decoder->mask == RULE_MARK_MASK &&
		       word == RULE_MARK && decoder_match(decoder, MATCH_MARKED) != NULL;
	return decoder->key == NFT_CT_STATE && operation == NFT_CMP_NEQ &&
	       decoder->mask == STATE_INVALID && word == 0 &&
	       decoder_match(decoder, MATCH_INVALID) != NULL;
}

/* The condition that a port needs is a part of the port's own match. */
static bool decoder_take_protocol(struct decoder *decoder)
{
	size_t place = decoder->protocol_match;
	struct ruleset_rule *rule = decoder->rule;

	if (decoder->protocol == 0)
		return false;
	if (place == 0)
		return true;
	memmove(&rule->matches[place - 1], &rule->matches[place],
		(rule->match_count - place) * sizeof(*rule->matches));
	rule->match_count--;
	decoder->protocol_match = 0;
	return true;
}

static bool compare_port(struct decoder *decoder, uint32_t operation, const void *bytes)
{
	struct rule_match *match;
	uint16_t port;

	memcpy(&port, bytes, sizeof(port));
	port = ntohs(port);
	if (decoder->ranges) {
		match = &decoder->rule->matches[decoder->rule->match_count - 1];
		match->high = port;
		decoder->loaded = LOADED_NOTHING;
		decoder->ranges = false;
		return operation == NFT_CMP_LTE && match->low < port;
	}
	if ((operation != NFT_CMP_EQ && operation != NFT_CMP_GTE) ||
	    !decoder_take_protocol(decoder))
		return false;
	match = decoder_match(decoder, decoder->offset == HEADER_SOURCE_PORT
					       ? MATCH_SOURCE_PORT
					       : MATCH_DESTINATION_PORT);
	if (match == NULL)
		return false;
	match->number = decoder->protocol;
	match->low = match->high = port;
	if (operation == NFT_CMP_GTE) {
		decoder->loaded = LOADED_PAYLOAD;
		decoder->ranges = true;
	}
	return true;
}

/* Of what was made sure before to be ICMPv6. */
static bool compare_icmp_type(struct decoder *decoder, uint32_t operation, const void *bytes)
{
	struct rule_match *match;
	uint8_t type;

	memcpy(&type, bytes, sizeof(type));
	if (decoder->ranges) {
		match = &decoder->rule->matches[decoder->rule->match_count - 1];
		match->high = type;
		decoder->loaded = LOADED_NOTHING;
		decoder->ranges = false;
		return operation == NFT_CMP_LTE && match->low < type;
	}
	if ((operation != NFT_CMP_EQ && operation != NFT_CMP_GTE) || decoder->family != AF_INET6 ||
	    decoder->protocol != IPPROTO_ICMPV6 || !decoder_take_protocol(decoder))
		return false;
	match = decoder_match(decoder, MATCH_ICMPV6_TYPE);
	if (match == NULL)
		return false;
	match->number = IPPROTO_ICMPV6;
	match->low = match->high = type;
	decoder->family_awaits = false;
	if (operation == NFT_CMP_GTE) {
		decoder->loaded = LOADED_PAYLOAD;
		decoder->ranges = true;
	}
	return true;
}

/* Of what is not an address. */
static bool compare_payload(struct decoder *decoder, uint32_t operation, const void *bytes,
			    uint32_t len)
{
	if (decoder->base == NFT_PAYLOAD_LL_HEADER)
		return compare_frame(decoder, operation, bytes, len);
	if (decoder->base == NFT_PAYLOAD_TRANSPORT_HEADER && decoder->len == 1)
		return len == 1 && decoder->offset == HEADER_ICMP_TYPE &&
		       compare_icmp_type(decoder, operation, bytes);
	return decoder->base == NFT_PAYLOAD_TRANSPORT_HEADER && len == sizeof(uint16_t) &&
	       decoder->len == len &&
	       (decoder->offset == HEADER_SOURCE_PORT ||
		decoder->offset == HEADER_DESTINATION_PORT) &&
	       compare_port(decoder, operation, bytes);
}

bool decode_compare(struct decoder *decoder, const struct nftnl_expr *expression)
{
	uint32_t operation = nftnl_expr_get_u32(expression, NFTNL_EXPR_CMP_OP), len = 0;
	const void *bytes = nftnl_expr_get(expression, NFTNL_EXPR_CMP_DATA, &len);
	struct rule_match *match;

	if (bytes == NULL || nftnl_expr_get_u32(expression, NFTNL_EXPR_CMP_SREG) != NFT_REG_1)
		return false;
	if (decoder->loaded == LOADED_META)
		return compare_meta(decoder, operation, bytes, len);
	if (decoder->loaded == LOADED_CONNTRACK && !decoder_has_address(decoder))
		return compare_conntrack(decoder, operation, bytes, len);
	if (decoder->loaded == LOADED_ROUTE)
		return compare_route(decoder, operation, bytes, len);
	if (decoder->loaded == LOADED_PAYLOAD && decoder->base != NFT_PAYLOAD_NETWORK_HEADER)
		return compare_payload(decoder, operation, bytes, len);
	match = operation == NFT_CMP_EQ ? decode_who(decoder, len) : NULL;
	if (match != NULL)
		memcpy(match->prefix.address.bytes, bytes, len);
	return match != NULL;
}
