/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a table back: what the kernel really goes by. */
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/gen.h>
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <stdio.h>
#include <string.h>

#include "expression.h"
#include "firewall/ruleset_build.h"
#include "nf_tables.h"
#include "read_set.h"
#include "socket.h"

enum {
	READ_TRIES = 20, /* as long as others keep changing rules meanwhile */
};

struct reading {
	const char *table;
	struct ruleset *ruleset;
	bool present;
	uint32_t generation;
};

static bool is_ours(const struct reading *reading, uint32_t family, const char *table)
{
	return family == NFPROTO_INET && table != NULL && strcmp(table, reading->table) == 0;
}

static int read_generation(const struct nlmsghdr *message, void *arg)
{
	struct reading *reading = arg;
	struct nftnl_gen *generation = nftnl_gen_alloc();

	if (generation == NULL)
		return MNL_CB_ERROR;
	if (nftnl_gen_nlmsg_parse(message, generation) == 0)
		reading->generation = nftnl_gen_get_u32(generation, NFTNL_GEN_ID);
	nftnl_gen_free(generation);
	return MNL_CB_OK;
}

static int read_table(const struct nlmsghdr *message, void *arg)
{
	struct reading *reading = arg;
	struct nftnl_table *table = nftnl_table_alloc();

	if (table == NULL)
		return MNL_CB_ERROR;
	if (nftnl_table_nlmsg_parse(message, table) == 0 &&
	    is_ours(reading, nftnl_table_get_u32(table, NFTNL_TABLE_FAMILY),
		    nftnl_table_get_str(table, NFTNL_TABLE_NAME))) {
		reading->present = true;
		reading->ruleset->flags = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);
	}
	nftnl_table_free(table);
	return MNL_CB_OK;
}

static int read_counter(const struct nlmsghdr *message, void *arg)
{
	struct reading *reading = arg;
	struct nftnl_obj *counter = nftnl_obj_alloc();

	if (counter == NULL)
		return MNL_CB_ERROR;
	if (nftnl_obj_nlmsg_parse(message, counter) == 0 &&
	    is_ours(reading, nftnl_obj_get_u32(counter, NFTNL_OBJ_FAMILY),
		    nftnl_obj_get_str(counter, NFTNL_OBJ_TABLE)))
		ruleset_add_counter(reading->ruleset, nftnl_obj_get_str(counter, NFTNL_OBJ_NAME));
	nftnl_obj_free(counter);
	return MNL_CB_OK;
}

static int read_set(const struct nlmsghdr *message, void *arg)
{
	struct reading *reading = arg;
	struct nftnl_set *set = nftnl_set_alloc();

	if (set == NULL)
		return MNL_CB_ERROR;
	if (nftnl_set_nlmsg_parse(message, set) == 0 &&
	    is_ours(reading, nftnl_set_get_u32(set, NFTNL_SET_FAMILY),
		    nftnl_set_get_str(set, NFTNL_SET_TABLE)))
		ruleset_add_set(reading->ruleset, nftnl_set_get_str(set, NFTNL_SET_NAME),
				set_family(set));
	nftnl_set_free(set);
	return MNL_CB_OK;
}

static enum ruleset_hook chain_hook(const struct nftnl_chain *chain)
{
	const char *type = nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE);

	if (!nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM))
		return HOOK_NONE;
	if (type == NULL || strcmp(type, "filter") != 0)
		return HOOK_OTHER;
	switch (nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM)) {
	case NF_INET_LOCAL_IN:
		return HOOK_INPUT;
	case NF_INET_LOCAL_OUT:
		return HOOK_OUTPUT;
	case NF_INET_FORWARD:
		return HOOK_FORWARD;
	default:
		return HOOK_OTHER;
	}
}

static int read_chain(const struct nlmsghdr *message, void *arg)
{
	struct reading *reading = arg;
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (chain == NULL)
		return MNL_CB_ERROR;
	if (nftnl_chain_nlmsg_parse(message, chain) == 0 &&
	    is_ours(reading, nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY),
		    nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE))) {
		enum ruleset_hook hook = chain_hook(chain);

		ruleset_add_chain(
			reading->ruleset, nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME), hook,
			hook == HOOK_NONE ? 0 : nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO),
			hook != HOOK_NONE &&
				nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_DROP);
	}
	nftnl_chain_free(chain);
	return MNL_CB_OK;
}

static int read_rule(const struct nlmsghdr *message, void *arg)
{
	struct reading *reading = arg;
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct ruleset_rule decoded;

	if (rule == NULL)
		return MNL_CB_ERROR;
	if (nftnl_rule_nlmsg_parse(message, rule) == 0 &&
	    is_ours(reading, nftnl_rule_get_u32(rule, NFTNL_RULE_FAMILY),
		    nftnl_rule_get_str(rule, NFTNL_RULE_TABLE))) {
		rule_decode(rule, &decoded);
		ruleset_add_rule_to(reading->ruleset, nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN),
				    &decoded);
	}
	nftnl_rule_free(rule);
	return MNL_CB_OK;
}

static int reading_ask(struct firewall *firewall, struct reading *reading, uint16_t type,
		       mnl_cb_t take)
{
	_Alignas(struct nlmsghdr) char bytes[128] = {0};
	uint16_t flags = type == NFT_MSG_GETGEN ? NLM_F_ACK : NLM_F_DUMP;
	uint16_t family = type == NFT_MSG_GETGEN ? NFPROTO_UNSPEC : NFPROTO_INET;

	return socket_ask(firewall,
			  nftnl_nlmsg_build_hdr(bytes, type, family, flags, ++firewall->sequence),
			  take, reading);
}

int firewall_generation(struct firewall *firewall, uint32_t *generation)
{
	struct reading reading = {0};

	if (reading_ask(firewall, &reading, NFT_MSG_GETGEN, read_generation) < 0)
		return -1;
	*generation = reading.generation;
	return 0;
}

/* One attempt. -1 + errno; EINTR: somebody changed rules meanwhile. */
static int reading_try(struct firewall *firewall, struct reading *reading)
{
	uint32_t generation;

	if (reading_ask(firewall, reading, NFT_MSG_GETGEN, read_generation) < 0)
		return -1;
	generation = reading->generation;
	if (reading_ask(firewall, reading, NFT_MSG_GETTABLE, read_table) < 0 ||
	    reading_ask(firewall, reading, NFT_MSG_GETOBJ, read_counter) < 0 ||
	    reading_ask(firewall, reading, NFT_MSG_GETSET, read_set) < 0 ||
	    reading_ask(firewall, reading, NFT_MSG_GETCHAIN, read_chain) < 0 ||
	    reading_ask(firewall, reading, NFT_MSG_GETRULE, read_rule) < 0)
		return -1;
	for (size_t i = 0; i < reading->ruleset->set_count; i++) {
		if (set_read_elements(firewall, reading->ruleset, i) < 0)
			return -1;
	}
	if (reading_ask(firewall, reading, NFT_MSG_GETGEN, read_generation) < 0 ||
	    ruleset_finish(reading->ruleset) < 0)
		return -1;
	if (reading->generation == generation)
		return 0;
	errno = EINTR;
	return -1;
}

enum firewall_result firewall_read(struct firewall *firewall, const char *table,
				   struct ruleset *found)
{
	struct reading reading = {.table = table, .ruleset = found};

	for (int i = 0; i < READ_TRIES; i++) {
		reading.present = false;
		ruleset_init(found, table);
		if (reading_try(firewall, &reading) == 0) {
			if (reading.present)
				return FIREWALL_OK;
			ruleset_clear(found);
			return FIREWALL_ABSENT;
		}
		ruleset_clear(found);
		/* A set that was there a moment ago may be gone. */
		if (errno != EINTR && errno != ENOENT)
			break;
	}
	socket_explain(firewall->problem, "the rules cannot be read", errno, "nf_tables");
	return FIREWALL_FAILED;
}
