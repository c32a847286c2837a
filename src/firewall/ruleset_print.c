/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ruleset as nft's own language. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "firewall/ruleset_text.h"

static const char *protocol_name(uint32_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "ipv6-icmp";
	default:
		return NULL;
	}
}

static void print_protocol(struct text *text, uint32_t protocol)
{
	const char *name = protocol_name(protocol);

	if (name != NULL)
		text_add(text, name);
	else
		text_add_format(text, "%" PRIu32, protocol);
}

static void print_who(struct text *text, const struct rule_match *match, const char *side)
{
	const struct address mask = prefix_mask(&match->prefix);
	char words[PREFIX_TEXT_SIZE];

	text_add_format(text, "%s %s ", mask.family == AF_INET6 ? "ip6" : "ip", side);
	if (match->set[0] == '\0') {
		text_add(text, prefix_format(&match->prefix, words));
		return;
	}
	if (match->prefix.bits < address_len(&mask) * 8)
		text_add_format(text, "& %s ", address_format(&mask, words));
	text_add_format(text, "@%s", match->set);
}

static void print_port(struct text *text, const struct rule_match *match, const char *side)
{
	print_protocol(text, match->number);
	text_add_format(text, " %s %u", side, match->low);
	if (match->high != match->low)
		text_add_format(text, "-%u", match->high);
}

static void print_mark(struct text *text, const struct rule_match *match)
{
	if (match->mask != UINT32_MAX)
		text_add_format(text, "meta mark and 0x%08x == 0x%08x", (unsigned)match->mask,
				(unsigned)match->number);
	else
		text_add_format(text, "meta mark 0x%08x", (unsigned)match->number);
}

static void print_match(struct text *text, const struct rule_match *match)
{
	const char *inverted = match->inverted ? "!= " : "";

	switch (match->kind) {
	case MATCH_DEVICE_IN:
		text_add_format(text, "iifname %s\"%s\"", inverted, match->device);
		break;
	case MATCH_DEVICE_OUT:
		text_add_format(text, "oifname %s\"%s\"", inverted, match->device);
		break;
	case MATCH_UID:
		text_add_format(text, "meta skuid %" PRIu32, match->number);
		break;
	case MATCH_MARKED:
		text_add_format(text, "ct mark and 0x%08x == 0x%08x", (unsigned)RULE_MARK_MASK,
				(unsigned)RULE_MARK);
		break;
	case MATCH_REPLY:
		text_add(text, "ct direction reply");
		break;
	case MATCH_INVALID:
		text_add(text, "ct state invalid");
		break;
	case MATCH_MARK:
		print_mark(text, match);
		break;
	case MATCH_STRAY:
		text_add(text, "fib saddr . oif type != local");
		break;
	case MATCH_ARP:
		text_add(text, "ether type arp");
		break;
	case MATCH_PROTOCOL:
		text_add(text, "meta l4proto ");
		print_protocol(text, match->number);
		break;
	case MATCH_SOURCE:
		print_who(text, match, "saddr");
		break;
	case MATCH_DESTINATION:
		print_who(text, match, "daddr");
		break;
	case MATCH_ORIGIN:
		text_add(text, "ct original ");
		print_who(text, match, "saddr");
		break;
	case MATCH_SOURCE_PORT:
		print_port(text, match, "sport");
		break;
	case MATCH_DESTINATION_PORT:
		print_port(text, match, "dport");
		break;
	case MATCH_ICMPV6_TYPE:
		text_add_format(text, "icmpv6 type %u", match->low);
		if (match->high != match->low)
			text_add_format(text, "-%u", match->high);
		break;
	}
}

static void print_verdict(struct text *text, const struct ruleset_rule *rule)
{
	switch (rule->verdict) {
	case VERDICT_CONTINUE:
		break;
	case VERDICT_ACCEPT:
		text_add(text, "accept ");
		break;
	case VERDICT_DROP:
		text_add(text, "drop ");
		break;
	case VERDICT_GOTO:
		text_add_format(text, "goto %s ", rule->target);
		break;
	case VERDICT_JUMP:
		text_add_format(text, "jump %s ", rule->target);
		break;
	case VERDICT_RESET:
		text_add(text, "reject with tcp reset ");
		break;
	case VERDICT_REJECT:
		text_add(text, "reject with icmpx admin-prohibited ");
		break;
	}
}

const char *ruleset_rule_text(const struct ruleset_rule *rule, char text[RULE_TEXT_SIZE])
{
	struct text out;

	text_init(&out, text, RULE_TEXT_SIZE);
	if (rule->foreign[0] != '\0') {
		text_add(&out, rule->foreign);
		return text;
	}
	for (size_t i = 0; i < rule->match_count; i++) {
		print_match(&out, &rule->matches[i]);
		text_add_char(&out, ' ');
	}
	if (rule->marks)
		text_add_format(&out, "ct mark set ct mark and 0x%08x or 0x%08x ",
				~(unsigned)RULE_MARK_MASK, (unsigned)RULE_MARK);
	if (rule->stamp != 0)
		text_add_format(&out, "meta mark set meta mark and 0x%08x or 0x%08x ",
				~(unsigned)RULE_MARK_MASK, (unsigned)rule->stamp);
	if (rule->counter[0] != '\0')
		text_add_format(&out, "counter name %s ", rule->counter);
	print_verdict(&out, rule);
	if (out.len > 0 && text[out.len - 1] == ' ')
		text[out.len - 1] = '\0';
	return text;
}

static void set_print(const struct ruleset_set *set, FILE *out)
{
	fprintf(out, "\tset %s {\n\t\ttype %s\n\t\tsize %zu\n", set->name,
		set->family == AF_INET6 ? "ipv6_addr" : "ipv4_addr", set->count);
	for (size_t i = 0; i < set->count; i++) {
		char address[INET6_ADDRSTRLEN];

		inet_ntop(set->family, set->addresses[i], address, sizeof(address));
		fprintf(out, "%s%s", i == 0 ? "\t\telements = { " : ", ", address);
	}
	fputs(set->count > 0 ? " }\n\t}\n" : "\t}\n", out);
}

static void chain_print(const struct ruleset_chain *chain, FILE *out)
{
	static const char *const hooks[] = {[HOOK_INPUT] = "input",
					    [HOOK_OUTPUT] = "output",
					    [HOOK_FORWARD] = "forward",
					    [HOOK_POSTROUTING] = "postrouting",
					    [HOOK_EGRESS] = "egress"};
	char text[RULE_TEXT_SIZE];

	fprintf(out, "\tchain %s {\n", chain->name);
	if (chain->hook == HOOK_OTHER)
		fputs("\t\t# a hook that egressd does not use\n", out);
	else if (chain->hook != HOOK_NONE)
		fprintf(out, "\t\ttype filter hook %s", hooks[chain->hook]);
	for (size_t i = 0; i < chain->device_count; i++)
		fprintf(out, "%s\"%s\"", i == 0 ? " devices = { " : ", ", chain->devices[i]);
	if (chain->device_count > 0)
		fputs(" }", out);
	if (chain->hook != HOOK_NONE && chain->hook != HOOK_OTHER)
		fprintf(out, " priority %" PRId32 "; policy %s;\n", chain->priority,
			chain->drops ? "drop" : "accept");
	for (size_t i = 0; i < chain->rule_count; i++)
		fprintf(out, "\t\t%s%s\n", chain->rules[i].foreign[0] != '\0' ? "# " : "",
			ruleset_rule_text(&chain->rules[i], text));
	fputs("\t}\n", out);
}

const char *ruleset_family_name(enum ruleset_family family)
{
	return family == RULESET_NETDEV ? "netdev" : "inet";
}

void ruleset_print(const struct ruleset *ruleset, FILE *out)
{
	const char *family = ruleset_family_name(ruleset->family);

	fprintf(out, "table %s %s\ndelete table %s %s\ntable %s %s {\n", family, ruleset->table,
		family, ruleset->table, family, ruleset->table);
	if ((ruleset->flags & 1) != 0)
		fputs("\tflags dormant;\n", out);
	for (size_t i = 0; i < ruleset->counter_count; i++)
		fprintf(out, "\tcounter %s { }\n", ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->set_count; i++)
		set_print(&ruleset->sets[i], out);
	/* goto and jump name chains: those they name come first. */
	for (size_t i = 0; i < ruleset->chain_count; i++)
		chain_print(&ruleset->chains[i], out);
	fputs("}\n", out);
}
