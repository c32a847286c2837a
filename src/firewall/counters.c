/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often which rule was met. */
#include <errno.h>
#include <libnftnl/object.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "nf_tables.h"
#include "socket.h"

struct count_reading {
	enum ruleset_family family;
	const char *table;
	struct firewall_count *counts;
	size_t capacity, count;
};

static void reading_add(struct count_reading *reading, struct nftnl_obj *counter)
{
	const char *table = nftnl_obj_get_str(counter, NFTNL_OBJ_TABLE);
	struct firewall_count *count = &reading->counts[reading->count];

	if (reading->count == reading->capacity || table == NULL ||
	    strcmp(table, reading->table) != 0 ||
	    nftnl_obj_get_u32(counter, NFTNL_OBJ_FAMILY) != family_number(reading->family) ||
	    nftnl_obj_get_u32(counter, NFTNL_OBJ_TYPE) != NFT_OBJECT_COUNTER)
		return;
	snprintf(count->name, sizeof(count->name), "%s",
		 nftnl_obj_get_str(counter, NFTNL_OBJ_NAME));
	count->packets = nftnl_obj_get_u64(counter, NFTNL_OBJ_CTR_PKTS);
	count->bytes = nftnl_obj_get_u64(counter, NFTNL_OBJ_CTR_BYTES);
	reading->count++;
}

static int reading_take(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_obj *counter = nftnl_obj_alloc();

	if (counter == NULL)
		return MNL_CB_ERROR;
	if (nftnl_obj_nlmsg_parse(message, counter) == 0)
		reading_add(arg, counter);
	nftnl_obj_free(counter);
	return MNL_CB_OK;
}

/* -1 + errno. */
static int reading_try(struct firewall *firewall, struct count_reading *reading)
{
	_Alignas(struct nlmsghdr) char bytes[256] = {0};
	struct nftnl_obj *asked = nftnl_obj_alloc();
	struct nlmsghdr *message;

	if (asked == NULL)
		return -1;
	/* The kernel leaves the other tables out by itself. */
	nftnl_obj_set_str(asked, NFTNL_OBJ_TABLE, reading->table);
	nftnl_obj_set_u32(asked, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	message = nftnl_nlmsg_build_hdr(bytes, NFT_MSG_GETOBJ, family_number(reading->family),
					NLM_F_DUMP, ++firewall->sequence);
	nftnl_obj_nlmsg_build_payload(message, asked);
	nftnl_obj_free(asked);
	reading->count = 0;
	return socket_ask(firewall, message, reading_take, reading);
}

enum firewall_result firewall_read_counters(struct firewall *firewall, enum ruleset_family family,
					    const char *table, struct firewall_count *counts,
					    size_t capacity, size_t *count)
{
	struct count_reading reading = {
		.family = family, .table = table, .counts = counts, .capacity = capacity};
	int result = reading_try(firewall, &reading);

	*count = 0;
	/* Somebody changed some rule meanwhile. */
	for (int i = 0; result < 0 && errno == EINTR && i < READ_TRIES; i++)
		result = reading_try(firewall, &reading);
	if (result < 0) {
		socket_explain(firewall->problem, "the counters cannot be read", errno,
			       "nf_tables");
		return FIREWALL_FAILED;
	}
	*count = reading.count;
	return reading.count > 0 ? FIREWALL_OK : FIREWALL_ABSENT;
}
