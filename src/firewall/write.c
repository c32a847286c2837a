/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables, counters, sets, chains and rules, as messages of one batch. */
#include "write.h"
#include "nf_tables.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <stdlib.h>
#include <string.h>

#include "expression.h"

enum {
	/* nft's numbers of its types, so that it can list what we made. */
	KEY_TYPE_IPV4 = 7,
	KEY_TYPE_IPV6 = 8,
};

static const char set_needs[] = "sets of addresses (nf_tables)";

static void table_write(struct batch *batch, uint16_t type, uint16_t flags, const char *name,
			uint32_t table_flags)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nlmsghdr *message;

	if (table == NULL) {
		batch->failed = true;
		return;
	}
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, name);
	if (table_flags != 0)
		nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, table_flags);
	message = batch_begin(batch, type, flags,
			      batch->family == NFPROTO_NETDEV
				      ? "nf_tables with tables of family netdev "
					"(CONFIG_NF_TABLES_NETDEV)"
				      : "nf_tables with tables of family inet (nf_tables_inet)");
	if (message != NULL) {
		nftnl_table_nlmsg_build_payload(message, table);
		batch_end(batch, message);
	}
	nftnl_table_free(table);
}

static void counter_write(struct batch *batch, const char *table, const char *name)
{
	struct nftnl_obj *counter = nftnl_obj_alloc();
	struct nlmsghdr *message;

	if (counter == NULL) {
		batch->failed = true;
		return;
	}
	nftnl_obj_set_str(counter, NFTNL_OBJ_TABLE, table);
	nftnl_obj_set_str(counter, NFTNL_OBJ_NAME, name);
	nftnl_obj_set_u32(counter, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	message = batch_begin(batch, NFT_MSG_NEWOBJ, NLM_F_CREATE,
			      "named counters (nf_tables, Linux 4.10)");
	if (message != NULL) {
		nftnl_obj_nlmsg_build_payload(message, counter);
		batch_end(batch, message);
	}
	nftnl_obj_free(counter);
}

static struct nftnl_set *set_make(const struct batch *batch, const char *table,
				  const struct ruleset_set *set, uint32_t id)
{
	struct nftnl_set *made = nftnl_set_alloc();

	if (made == NULL)
		return NULL;
	nftnl_set_set_str(made, NFTNL_SET_TABLE, table);
	nftnl_set_set_str(made, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(made, NFTNL_SET_ID, id);
	nftnl_set_set_u32(made, NFTNL_SET_FAMILY, batch->family);
	return made;
}

static bool set_add_address(struct nftnl_set *made, const struct ruleset_set *set, size_t index)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();

	if (element == NULL)
		return false;
	if (nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, set->addresses[index],
			       (uint32_t)ruleset_set_width(set)) < 0) {
		nftnl_set_elem_free(element);
		return false;
	}
	nftnl_set_elem_add(made, element);
	return true;
}

static void elements_write(struct batch *batch, const char *table, const struct ruleset_set *set,
			   uint32_t id, size_t from)
{
	struct nftnl_set *made = set_make(batch, table, set, id);
	struct nlmsghdr *message;
	bool added = made != NULL;

	for (size_t i = from; added && i < set->count && i < from + BATCH_ELEMENTS_MAX; i++)
		added = set_add_address(made, set, i);
	message = added ? batch_begin(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, set_needs) : NULL;
	if (message != NULL) {
		nftnl_set_elems_nlmsg_build_payload(message, made);
		batch_end(batch, message);
	} else {
		batch->failed = true;
	}
	if (made != NULL)
		nftnl_set_free(made);
}

static void set_write(struct batch *batch, const char *table, const struct ruleset_set *set,
		      uint32_t id)
{
	struct nftnl_set *made = set_make(batch, table, set, id);
	struct nlmsghdr *message;

	if (made == NULL) {
		batch->failed = true;
		return;
	}
	/* So that its table never grows: the kernel does that when all is done, and who reads the
	 * set meanwhile misses some (seen once in sixty times, with 5000 addresses). */
	nftnl_set_set_u32(made, NFTNL_SET_DESC_SIZE, (uint32_t)set->count);
	nftnl_set_set_u32(made, NFTNL_SET_KEY_TYPE,
			  set->family == AF_INET ? KEY_TYPE_IPV4 : KEY_TYPE_IPV6);
	nftnl_set_set_u32(made, NFTNL_SET_KEY_LEN, (uint32_t)ruleset_set_width(set));
	message = batch_begin(batch, NFT_MSG_NEWSET, NLM_F_CREATE, set_needs);
	if (message != NULL) {
		nftnl_set_nlmsg_build_payload(message, made);
		batch_end(batch, message);
	}
	nftnl_set_free(made);
	for (size_t i = 0; i < set->count; i += BATCH_ELEMENTS_MAX)
		elements_write(batch, table, set, id, i);
}

static void chain_set_devices(struct batch *batch, struct nftnl_chain *made,
			      const struct ruleset_chain *chain)
{
	/* Ended by a NULL. */
	const char **names = calloc(chain->device_count + 1, sizeof(*names));

	if (names == NULL) {
		batch->failed = true;
		return;
	}
	for (size_t i = 0; i < chain->device_count; i++)
		names[i] = chain->devices[i];
	if (nftnl_chain_set_data(made, NFTNL_CHAIN_DEVICES, names, 0) < 0)
		batch->failed = true;
	free(names);
}

static void chain_write(struct batch *batch, const char *table, const struct ruleset_chain *chain)
{
	static const uint32_t hooks[] = {[HOOK_INPUT] = NF_INET_LOCAL_IN,
					 [HOOK_OUTPUT] = NF_INET_LOCAL_OUT,
					 [HOOK_FORWARD] = NF_INET_FORWARD,
					 [HOOK_POSTROUTING] = NF_INET_POST_ROUTING,
					 [HOOK_EGRESS] = NF_NETDEV_EGRESS};
	struct nftnl_chain *made = nftnl_chain_alloc();
	struct nlmsghdr *message;

	if (made == NULL) {
		batch->failed = true;
		return;
	}
	nftnl_chain_set_str(made, NFTNL_CHAIN_TABLE, table);
	nftnl_chain_set_str(made, NFTNL_CHAIN_NAME, chain->name);
	if (chain->hook != HOOK_NONE) {
		nftnl_chain_set_str(made, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(made, NFTNL_CHAIN_HOOKNUM, hooks[chain->hook]);
		nftnl_chain_set_s32(made, NFTNL_CHAIN_PRIO, chain->priority);
		nftnl_chain_set_u32(made, NFTNL_CHAIN_POLICY, chain->drops ? NF_DROP : NF_ACCEPT);
	}
	if (chain->device_count > 0)
		chain_set_devices(batch, made, chain);
	message =
		batch_begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE,
			    chain->hook == HOOK_EGRESS
				    ? "chains at what leaves by a device (CONFIG_NETFILTER_EGRESS, "
				      "Linux 5.16)"
				    : "filter chains of family inet (nf_tables_inet)");
	if (message != NULL) {
		nftnl_chain_nlmsg_build_payload(message, made);
		batch_end(batch, message);
	}
	nftnl_chain_free(made);
}

/* The modules a rule stands on: what is missing is told by name. */
static const char *rule_needs(const struct ruleset_rule *rule)
{
	if (rule->verdict == VERDICT_RESET || rule->verdict == VERDICT_REJECT)
		return "the reject statement (nft_reject_inet)";
	for (size_t i = 0; i < rule->match_count; i++) {
		enum match_kind kind = rule->matches[i].kind;

		if (kind == MATCH_STRAY)
			return "the fib expression (nft_fib_inet)";
		if (kind == MATCH_MARKED || kind == MATCH_REPLY || kind == MATCH_INVALID ||
		    kind == MATCH_ORIGIN)
			return "connection tracking in rules (nft_ct, nf_conntrack)";
	}
	if (rule->marks)
		return "marks of connections (nft_ct, CONFIG_NF_CONNTRACK_MARK)";
	return "counters in rules (nft_objref)";
}

static void rule_write(struct batch *batch, const struct ruleset *ruleset, const char *chain,
		       const struct ruleset_rule *rule)
{
	struct nftnl_rule *made = nftnl_rule_alloc();
	struct nlmsghdr *message = NULL;

	if (made == NULL) {
		batch->failed = true;
		return;
	}
	nftnl_rule_set_str(made, NFTNL_RULE_TABLE, ruleset->table);
	nftnl_rule_set_str(made, NFTNL_RULE_CHAIN, chain);
	if (rule_encode(ruleset->family, rule, made) == 0)
		message = batch_begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
				      rule_needs(rule));
	if (message != NULL) {
		nftnl_rule_nlmsg_build_payload(message, made);
		batch_end(batch, message);
	} else {
		batch->failed = true;
	}
	nftnl_rule_free(made);
}

static int batch_result(const struct batch *batch)
{
	if (!batch->failed)
		return 0;
	errno = ENOMEM;
	return -1;
}

int table_write_removal(const char *table, struct batch *batch)
{
	/* Made first: deleting what is not there is an error. */
	table_write(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, table, 0);
	table_write(batch, NFT_MSG_DELTABLE, 0, table, 0);
	return batch_result(batch);
}

int ruleset_write(const struct ruleset *ruleset, uint32_t table_flags, struct batch *batch)
{
	if (table_write_removal(ruleset->table, batch) < 0)
		return -1;
	table_write(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, ruleset->table, table_flags);
	for (size_t i = 0; i < ruleset->counter_count; i++)
		counter_write(batch, ruleset->table, ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->set_count; i++)
		set_write(batch, ruleset->table, &ruleset->sets[i], (uint32_t)i + 1);
	/* All chains first: rules go to them by name. */
	for (size_t i = 0; i < ruleset->chain_count; i++)
		chain_write(batch, ruleset->table, &ruleset->chains[i]);
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		const struct ruleset_chain *chain = &ruleset->chains[i];

		for (size_t j = 0; j < chain->rule_count; j++)
			rule_write(batch, ruleset, chain->name, &chain->rules[j]);
	}
	return batch_result(batch);
}
