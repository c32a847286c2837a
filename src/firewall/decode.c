/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the kernel's expressions back to a rule. Every step must be one that encode.c makes: a
 * register, a length or a key that is otherwise makes the whole rule foreign.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "decode.h"
#include "nf_tables.h"

static bool is_register(const struct nftnl_expr *expression, uint16_t attribute)
{
	return nftnl_expr_is_set(expression, attribute) &&
	       nftnl_expr_get_u32(expression, attribute) == NFT_REG_1;
}

static void decoder_load(struct decoder *decoder, enum loaded what, uint32_t key)
{
	decoder->loaded = what;
	decoder->key = key;
	decoder->masked = false;
	decoder->ranges = false;
}

static bool decode_meta(struct decoder *decoder, const struct nftnl_expr *expression)
{
	if (nftnl_expr_is_set(expression, NFTNL_EXPR_META_SREG)) {
		decoder->rule->stamp = decoder->flip;
		return is_register(expression, NFTNL_EXPR_META_SREG) &&
		       nftnl_expr_get_u32(expression, NFTNL_EXPR_META_KEY) == NFT_META_MARK &&
		       decoder->loaded == LOADED_META && decoder->key == NFT_META_MARK &&
		       decoder->masked && decoder->mask == ~(uint32_t)RULE_MARK_MASK &&
		       decoder->flip != 0 && (decoder->flip & ~(uint32_t)RULE_MARK_MASK) == 0;
	}
	if (!is_register(expression, NFTNL_EXPR_META_DREG))
		return false;
	decoder_load(decoder, LOADED_META, nftnl_expr_get_u32(expression, NFTNL_EXPR_META_KEY));
	return true;
}

static bool decode_conntrack(struct decoder *decoder, const struct nftnl_expr *expression)
{
	uint32_t key = nftnl_expr_get_u32(expression, NFTNL_EXPR_CT_KEY);
	bool is_origin = key == NFT_CT_SRC_IP || key == NFT_CT_SRC_IP6;
	bool has_direction = nftnl_expr_is_set(expression, NFTNL_EXPR_CT_DIR);

	if (nftnl_expr_is_set(expression, NFTNL_EXPR_CT_SREG)) {
		decoder->rule->marks = true;
		return is_register(expression, NFTNL_EXPR_CT_SREG) && key == NFT_CT_MARK &&
		       decoder->loaded == LOADED_CONNTRACK && decoder->key == NFT_CT_MARK &&
		       decoder->masked && decoder->mask == ~(uint32_t)RULE_MARK_MASK &&
		       decoder->flip == RULE_MARK;
	}
	if (!is_register(expression, NFTNL_EXPR_CT_DREG) || has_direction != is_origin)
		return false;
	if (is_origin && nftnl_expr_get_u8(expression, NFTNL_EXPR_CT_DIR) != IP_CT_DIR_ORIGINAL)
		return false;
	decoder_load(decoder, LOADED_CONNTRACK, key);
	decoder->len = key == NFT_CT_SRC_IP6 ? 16 : 4;
	return true;
}

static bool decode_payload(struct decoder *decoder, const struct nftnl_expr *expression)
{
	if (!is_register(expression, NFTNL_EXPR_PAYLOAD_DREG))
		return false;
	decoder_load(decoder, LOADED_PAYLOAD, 0);
	decoder->base = nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_BASE);
	decoder->offset = nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_OFFSET);
	decoder->len = nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_LEN);
	return true;
}

static bool decode_route(struct decoder *decoder, const struct nftnl_expr *expression)
{
	decoder_load(decoder, LOADED_ROUTE, 0);
	return is_register(expression, NFTNL_EXPR_FIB_DREG) &&
	       nftnl_expr_get_u32(expression, NFTNL_EXPR_FIB_RESULT) == NFT_FIB_RESULT_ADDRTYPE &&
	       nftnl_expr_get_u32(expression, NFTNL_EXPR_FIB_FLAGS) ==
		       (NFTA_FIB_F_SADDR | NFTA_FIB_F_OIF);
}

static bool decode_word(const struct nftnl_expr *expression, uint16_t attribute, uint32_t *word)
{
	uint32_t len = 0;
	const void *bytes = nftnl_expr_get(expression, attribute, &len);

	if (bytes == NULL || len != sizeof(*word))
		return false;
	memcpy(word, bytes, sizeof(*word));
	return true;
}

/* Leading bits, and nothing turned over. */
static bool decode_prefix(struct decoder *decoder, const struct nftnl_expr *expression)
{
	static const uint8_t zeros[16];
	uint32_t len = 0, flip_len = 0;
	const void *mask = nftnl_expr_get(expression, NFTNL_EXPR_BITWISE_MASK, &len);
	const void *flip = nftnl_expr_get(expression, NFTNL_EXPR_BITWISE_XOR, &flip_len);
	struct prefix prefix = {.address.family = len == 4 ? AF_INET : AF_INET6};
	struct address wanted;

	if (mask == NULL || flip == NULL || (len != 4 && len != 16) || len != decoder->len ||
	    flip_len != len || memcmp(flip, zeros, len) != 0)
		return false;
	memcpy(prefix.address.bytes, mask, len);
	while (prefix.bits < len * 8 &&
	       (prefix.address.bytes[prefix.bits / 8] & (0x80 >> prefix.bits % 8)) != 0)
		prefix.bits++;
	decoder->bits = prefix.bits;
	wanted = prefix_mask(&prefix);
	return memcmp(mask, wanted.bytes, len) == 0;
}

static bool decode_bitwise(struct decoder *decoder, const struct nftnl_expr *expression)
{
	bool is_first = !decoder->masked;

	decoder->masked = true;
	if (!is_first ||
	    nftnl_expr_get_u32(expression, NFTNL_EXPR_BITWISE_OP) != NFT_BITWISE_BOOL ||
	    !is_register(expression, NFTNL_EXPR_BITWISE_SREG) ||
	    !is_register(expression, NFTNL_EXPR_BITWISE_DREG))
		return false;
	if (decoder_has_address(decoder))
		return decode_prefix(decoder, expression);
	return (decoder->loaded == LOADED_CONNTRACK ||
		(decoder->loaded == LOADED_META && decoder->key == NFT_META_MARK)) &&
	       decode_word(expression, NFTNL_EXPR_BITWISE_MASK, &decoder->mask) &&
	       decode_word(expression, NFTNL_EXPR_BITWISE_XOR, &decoder->flip);
}

static bool decode_lookup(struct decoder *decoder, const struct nftnl_expr *expression)
{
	struct rule_match *match = decode_who(decoder, decoder->len);
	const char *set = nftnl_expr_get_str(expression, NFTNL_EXPR_LOOKUP_SET);

	/* Of whole addresses, masked or not. */
	if (match == NULL || decoder->len != address_len(&match->prefix.address) || set == NULL ||
	    strlen(set) >= sizeof(match->set) || !is_register(expression, NFTNL_EXPR_LOOKUP_SREG) ||
	    nftnl_expr_is_set(expression, NFTNL_EXPR_LOOKUP_DREG) ||
	    nftnl_expr_get_u32(expression, NFTNL_EXPR_LOOKUP_FLAGS) != 0)
		return false;
	snprintf(match->set, sizeof(match->set), "%s", set);
	return true;
}

static bool decode_counter(struct decoder *decoder, const struct nftnl_expr *expression)
{
	const char *name = nftnl_expr_get_str(expression, NFTNL_EXPR_OBJREF_IMM_NAME);

	if (name == NULL || strlen(name) >= sizeof(decoder->rule->counter) ||
	    decoder->rule->counter[0] != '\0' ||
	    nftnl_expr_get_u32(expression, NFTNL_EXPR_OBJREF_IMM_TYPE) != NFT_OBJECT_COUNTER)
		return false;
	snprintf(decoder->rule->counter, sizeof(decoder->rule->counter), "%s", name);
	return true;
}

static bool decode_reject(struct decoder *decoder, const struct nftnl_expr *expression)
{
	uint32_t type = nftnl_expr_get_u32(expression, NFTNL_EXPR_REJECT_TYPE);

	decoder->finished = true;
	decoder->rule->verdict = type == NFT_REJECT_TCP_RST ? VERDICT_RESET : VERDICT_REJECT;
	return type == NFT_REJECT_TCP_RST ||
	       (type == NFT_REJECT_ICMPX_UNREACH &&
		nftnl_expr_get_u8(expression, NFTNL_EXPR_REJECT_CODE) ==
			NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

static bool decode_verdict(struct decoder *decoder, const struct nftnl_expr *expression)
{
	struct ruleset_rule *rule = decoder->rule;
	const char *target = NULL;

	decoder->finished = true;
	if (nftnl_expr_get_u32(expression, NFTNL_EXPR_IMM_DREG) != NFT_REG_VERDICT)
		return false;
	switch ((int)nftnl_expr_get_u32(expression, NFTNL_EXPR_IMM_VERDICT)) {
	case NF_ACCEPT:
		rule->verdict = VERDICT_ACCEPT;
		return true;
	case NF_DROP:
		rule->verdict = VERDICT_DROP;
		return true;
	case NFT_GOTO:
		rule->verdict = VERDICT_GOTO;
		break;
	case NFT_JUMP:
		rule->verdict = VERDICT_JUMP;
		break;
	default:
		return false;
	}
	target = nftnl_expr_get_str(expression, NFTNL_EXPR_IMM_CHAIN);
	if (target == NULL || strlen(target) >= sizeof(rule->target))
		return false;
	snprintf(rule->target, sizeof(rule->target), "%s", target);
	return true;
}

static bool decode_expression(struct decoder *decoder, const struct nftnl_expr *expression)
{
	static const struct {
		const char *name;
		bool (*decode)(struct decoder *decoder, const struct nftnl_expr *expression);
		bool acts; /* and asks nothing */
	} kinds[] = {
		{"meta", decode_meta, false},       {"ct", decode_conntrack, false},
		{"payload", decode_payload, false}, {"bitwise", decode_bitwise, false},
		{"cmp", decode_compare, false},     {"lookup", decode_lookup, false},
		{"fib", decode_route, false},       {"objref", decode_counter, true},
		{"reject", decode_reject, true},    {"immediate", decode_verdict, true},
	};
	const char *name = nftnl_expr_get_str(expression, NFTNL_EXPR_NAME);
	bool has_acted = decoder->rule->marks || decoder->rule->stamp != 0 ||
			 decoder->rule->counter[0] != '\0';

	/* What a rule does comes after all it asks, and nothing follows its verdict. */
	if (decoder->finished)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return (kinds[i].acts || !has_acted) &&
			       kinds[i].decode(decoder, expression);
	}
	return false;
}

static void rule_describe(struct nftnl_rule *rule, struct ruleset_rule *out)
{
	struct nftnl_expr_iter *all = nftnl_expr_iter_create(rule);
	struct nftnl_expr *expression;
	struct text text;

	text_init(&text, out->foreign, sizeof(out->foreign));
	text_add(&text, "not a rule of egressd:");
	while (all != NULL && (expression = nftnl_expr_iter_next(all)) != NULL) {
		char words[96];

		if (nftnl_expr_snprintf(words, sizeof(words), expression, 0, 0) < 0)
			words[0] = '\0';
		text_add_format(&text, " [%s %s]", nftnl_expr_get_str(expression, NFTNL_EXPR_NAME),
				words);
	}
	if (all != NULL)
		nftnl_expr_iter_destroy(all);
}

void rule_decode(enum ruleset_family family, struct nftnl_rule *rule, struct ruleset_rule *out)
{
	struct decoder decoder = {.rule = out, .netdev = family == RULESET_NETDEV};
	struct nftnl_expr_iter *all = nftnl_expr_iter_create(rule);
	struct nftnl_expr *expression;
	bool known = all != NULL;

	*out = (struct ruleset_rule){0};
	while (known && (expression = nftnl_expr_iter_next(all)) != NULL)
		known = decode_expression(&decoder, expression);
	if (all != NULL)
		nftnl_expr_iter_destroy(all);
	if (!known || decoder.family_awaits || decoder.ranges || decoder.ethernet)
		rule_describe(rule, out);
}
