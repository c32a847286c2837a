/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel holds ranges as beginnings and ends, in an order of its own. */
#include "read_set.h"
#include "nf_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "firewall/ruleset_build.h"
#include "socket.h"

struct edge {
	uint8_t key[16];
	bool is_end;
};

struct edges {
	struct edge *items;
	size_t count;
	uint32_t key_len;
	bool odd; /* an element that no range of ours has */
};

sa_family_t set_family(const struct nftnl_set *set)
{
	uint32_t flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS);
	uint32_t len = nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN);

	if ((flags & ~(uint32_t)NFT_SET_CONSTANT) != NFT_SET_INTERVAL || (len != 4 && len != 16))
		return AF_UNSPEC;
	return len == 4 ? AF_INET : AF_INET6;
}

static int edges_add(struct nftnl_set_elem *element, void *arg)
{
	struct edges *edges = arg;
	struct edge *items = array_more(edges->items, edges->count, sizeof(*items));
	uint32_t len = 0, flags = 0;
	const void *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &len);

	if (items == NULL)
		return -1;
	edges->items = items;
	/* The library reads through NULL for what is not set. */
	if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_FLAGS))
		flags = nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_FLAGS);
	if (key == NULL || len != edges->key_len ||
	    (flags & ~(uint32_t)NFT_SET_ELEM_INTERVAL_END) != 0) {
		edges->odd = true;
		return 0;
	}
	memcpy(items[edges->count].key, key, len);
	items[edges->count++].is_end = flags != 0;
	return 0;
}

static int edges_take(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int result = MNL_CB_ERROR;

	if (set == NULL)
		return MNL_CB_ERROR;
	if (nftnl_set_elems_nlmsg_parse(message, set) == 0 &&
	    nftnl_set_elem_foreach(set, edges_add, arg) == 0)
		result = MNL_CB_OK;
	nftnl_set_free(set);
	return result;
}

/* Where one range ends as the next begins, the end comes first. */
static int edge_compare(const void *a, const void *b)
{
	const struct edge *left = a, *right = b;
	int order = memcmp(left->key, right->key, sizeof(left->key));

	return order != 0 ? order : (int)right->is_end - (int)left->is_end;
}

static void range_close(struct address_range *range, const uint8_t end[16], size_t len)
{
	memcpy(range->last, end, 16);
	for (size_t i = len; i > 0; i--) {
		if (range->last[i - 1]-- != 0)
			return;
	}
}

static void edges_to_ranges(struct edges *edges, struct ruleset *ruleset, size_t index)
{
	struct address_range range = {0};
	bool is_open = false;

	if (edges->count > 0)
		qsort(edges->items, edges->count, sizeof(*edges->items), edge_compare);
	for (size_t i = 0; i < edges->count; i++) {
		const struct edge *edge = &edges->items[i];

		if (is_open && edge->is_end) {
			range_close(&range, edge->key, edges->key_len);
			ruleset_set_add_range(ruleset, &ruleset->sets[index], &range);
		}
		is_open = !edge->is_end;
		memcpy(range.first, edge->key, sizeof(range.first));
	}
	if (!is_open)
		return;
	/* No end: it reaches to the last address there is. */
	memset(range.last, 0, sizeof(range.last));
	memset(range.last, 0xff, edges->key_len);
	ruleset_set_add_range(ruleset, &ruleset->sets[index], &range);
}

int set_read_elements(struct firewall *firewall, struct ruleset *ruleset, size_t index)
{
	struct ruleset_set *set = &ruleset->sets[index];
	struct edges edges = {.key_len = set->family == AF_INET ? 4 : 16};
	struct nftnl_set *asked;
	_Alignas(struct nlmsghdr) char bytes[512] = {0};
	struct nlmsghdr *message;
	int result = -1;

	if (set->family == AF_UNSPEC)
		return 0;
	asked = nftnl_set_alloc();
	if (asked == NULL)
		return -1;
	nftnl_set_set_str(asked, NFTNL_SET_TABLE, ruleset->table);
	nftnl_set_set_str(asked, NFTNL_SET_NAME, set->name);
	message = nftnl_nlmsg_build_hdr(bytes, NFT_MSG_GETSETELEM, family_number(ruleset->family),
					NLM_F_DUMP, ++firewall->sequence);
	nftnl_set_elems_nlmsg_build_payload(message, asked);
	nftnl_set_free(asked);
	if (socket_ask(firewall, message, edges_take, &edges) == 0) {
		if (edges.odd)
			set->family = AF_UNSPEC;
		else
			edges_to_ranges(&edges, ruleset, index);
		result = 0;
	}
	free(edges.items);
	return result;
}
