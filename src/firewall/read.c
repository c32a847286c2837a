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
#include "firewall/ruleset_text.h"
#include "nf_tables.h"
#include "socket.h"

struct reading {
	struct ruleset ruleset;
	struct ruleset_set *set; /* whose elements are read */
	uint32_t generation;
	uint64_t handle; /* of the table: another one each time that it is replaced */
	bool present;
	bool torn; /* some table, this one or another, changed meanwhile */
	bool complete;
};

static bool is_ours(const struct reading *reading, uint32_t family, const char *table)
{
	return family == family_number(reading->ruleset.family) && table != NULL &&
	       strcmp(table, reading->ruleset.table) == 0;
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
		reading->handle = nftnl_table_get_u64(table, NFTNL_TABLE_HANDLE);
		reading->ruleset.flags = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);
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
		ruleset_add_counter(&reading->ruleset, nftnl_obj_get_str(counter, NFTNL_OBJ_NAME));
	nftnl_obj_free(counter);
	return MNL_CB_OK;
}

/* AF_UNSPEC: not one of addresses alone. */
static sa_family_t set_family(const struct nftnl_set *set)
{
	uint32_t flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS);
	uint32_t len = nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN);

	if ((flags & ~(uint32_t)NFT_SET_CONSTANT) != 0 || (len != 4 && len != 16))
		return AF_UNSPEC;
	return len == 4 ? AF_INET : AF_INET6;
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
		ruleset_add_set(&reading->ruleset, nftnl_set_get_str(set, NFTNL_SET_NAME),
				set_family(set));
	nftnl_set_free(set);
	return MNL_CB_OK;
}

static int read_element(struct nftnl_set_elem *element, void *arg)
{
	struct reading *reading = arg;
	uint32_t len = 0;
	const void *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &len);

	if (key == NULL || len != ruleset_set_width(reading->set))
		reading->set->family = AF_UNSPEC;
	else
		ruleset_set_add(&reading->ruleset, reading->set, key);
	return 0;
}

static int read_elements(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int result = MNL_CB_ERROR;

	if (set == NULL)
		return MNL_CB_ERROR;
	if (nftnl_set_elems_nlmsg_parse(message, set) == 0 &&
	    nftnl_set_elem_foreach(set, read_element, arg) == 0)
		result = MNL_CB_OK;
	nftnl_set_free(set);
	return result;
}

static void read_devices(struct ruleset *ruleset, const struct nftnl_chain *chain)
{
	const char *const *devices = nftnl_chain_get(chain, NFTNL_CHAIN_DEVICES);
	const char *only = nftnl_chain_get_str(chain, NFTNL_CHAIN_DEV);

	if (devices == NULL && only != NULL)
		ruleset_add_device(ruleset, only);
	for (size_t i = 0; devices != NULL && devices[i] != NULL; i++)
		ruleset_add_device(ruleset, devices[i]);
}

static enum ruleset_hook chain_hook(enum ruleset_family family, const struct nftnl_chain *chain)
{
	uint32_t number = nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM);
	const char *type = nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE);

	if (!nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM))
		return HOOK_NONE;
	if (type == NULL || strcmp(type, "filter") != 0)
		return HOOK_OTHER;
	if (family == RULESET_NETDEV)
		return number == NF_NETDEV_EGRESS ? HOOK_EGRESS : HOOK_OTHER;
	switch (number) {
	case NF_INET_LOCAL_IN:
		return HOOK_INPUT;
	case NF_INET_LOCAL_OUT:
		return HOOK_OUTPUT;
	case NF_INET_FORWARD:
		return HOOK_FORWARD;
	case NF_INET_POST_ROUTING:
		return HOOK_POSTROUTING;
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
		enum ruleset_hook hook = chain_hook(reading->ruleset.family, chain);

		ruleset_add_chain(
			&reading->ruleset, nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME), hook,
			hook == HOOK_NONE ? 0 : nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO),
			hook != HOOK_NONE &&
				nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_DROP);
		read_devices(&reading->ruleset, chain);
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
		rule_decode(reading->ruleset.family, rule, &decoded);
		ruleset_add_rule_to(&reading->ruleset, nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN),
				    &decoded);
	}
	nftnl_rule_free(rule);
	return MNL_CB_OK;
}

static int reading_ask(struct firewall *firewall, struct reading *reading, uint16_t type,
		       mnl_cb_t take)
{
	_Alignas(struct nlmsghdr) char bytes[256] = {0};
	bool of_table = type != NFT_MSG_GETGEN;
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(
		bytes, type, of_table ? family_number(reading->ruleset.family) : NFPROTO_UNSPEC,
		of_table ? NLM_F_DUMP : NLM_F_ACK, ++firewall->sequence);

	/* The kernel leaves most of the other tables out by itself. */
	if (of_table)
		mnl_attr_put_strz(message, ATTRIBUTE_TABLE, reading->ruleset.table);
	if (type == NFT_MSG_GETSETELEM)
		mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, reading->set->name);
	if (socket_ask(firewall, message, take, reading) == 0)
		return 0;
	if (errno != EINTR)
		return -1;
	reading->torn = true;
	return 0;
}

int firewall_generation(struct firewall *firewall, uint32_t *generation)
{
	struct reading reading = {0};

	if (reading_ask(firewall, &reading, NFT_MSG_GETGEN, read_generation) < 0)
		return -1;
	*generation = reading.generation;
	return 0;
}

static int reading_take_parts(struct firewall *firewall, struct reading *reading)
{
	if (reading_ask(firewall, reading, NFT_MSG_GETOBJ, read_counter) < 0 ||
	    reading_ask(firewall, reading, NFT_MSG_GETSET, read_set) < 0 ||
	    reading_ask(firewall, reading, NFT_MSG_GETCHAIN, read_chain) < 0 ||
	    reading_ask(firewall, reading, NFT_MSG_GETRULE, read_rule) < 0)
		return -1;
	for (size_t i = 0; i < reading->ruleset.set_count; i++) {
		reading->set = &reading->ruleset.sets[i];
		if (reading->set->family != AF_UNSPEC &&
		    reading_ask(firewall, reading, NFT_MSG_GETSETELEM, read_elements) < 0)
			return -1;
	}
	return 0;
}

/* -1 + errno. */
static int reading_take(struct firewall *firewall, enum ruleset_family family, const char *table,
			struct reading *reading)
{
	uint32_t generation;

	*reading = (struct reading){0};
	ruleset_init(&reading->ruleset, family, table);
	if (reading_ask(firewall, reading, NFT_MSG_GETGEN, read_generation) < 0)
		return -1;
	generation = reading->generation;
	if (reading_ask(firewall, reading, NFT_MSG_GETTABLE, read_table) < 0 ||
	    (reading->present && reading_take_parts(firewall, reading) < 0) ||
	    reading_ask(firewall, reading, NFT_MSG_GETGEN, read_generation) < 0 ||
	    ruleset_finish(&reading->ruleset) < 0)
		return -1;
	reading->torn |= reading->generation != generation;
	reading->complete = true;
	return 0;
}

/* What is read twice and is the same did not change between, whatever else did. */
static bool readings_agree(const struct reading *last, const struct reading *reading)
{
	return last->complete && last->present == reading->present &&
	       last->handle == reading->handle &&
	       ruleset_diff(&last->ruleset, &reading->ruleset, NULL, NULL) == 0;
}

enum firewall_result firewall_read(struct firewall *firewall, enum ruleset_family family,
				   const char *table, struct ruleset *found)
{
	struct reading last = {0}, reading;
	bool settled = false;
	int error = 0;

	/* A set that was there a moment ago may be gone: ENOENT. */
	for (int i = 0; i < READ_TRIES && !settled && (error == 0 || error == ENOENT); i++) {
		error = reading_take(firewall, family, table, &reading) < 0 ? errno : 0;
		settled = error == 0 && (!reading.torn || readings_agree(&last, &reading));
		ruleset_clear(&last.ruleset);
		last = reading;
	}
	*found = last.ruleset;
	if (settled && last.present)
		return FIREWALL_OK;
	ruleset_clear(found);
	if (settled)
		return FIREWALL_ABSENT;
	if (error == 0 || error == ENOENT)
		error = EINTR;
	socket_explain(firewall->problem, "the rules cannot be read", error, "nf_tables");
	return FIREWALL_FAILED;
}
