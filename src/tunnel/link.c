/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads rtnetlink messages into a table of devices. */
#include "tunnel/link.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

struct attribute {
	uint16_t type;
	const uint8_t *value;
	size_t len;
};

void link_table_clear(struct link_table *table)
{
	free(table->links);
	memset(table, 0, sizeof(*table));
}

static size_t link_skip(size_t len, size_t left)
{
	size_t aligned = (len + 3) & ~(size_t)3;

	return aligned < left ? aligned : left;
}

/* Copied out, never cast: a buffer of bytes promises no alignment. */
bool link_message_next(const uint8_t **bytes, size_t *len, struct link_message *message)
{
	struct nlmsghdr header;
	size_t skip;

	if (*len < sizeof(header))
		return false;
	memcpy(&header, *bytes, sizeof(header));
	if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > *len)
		return false;
	*message = (struct link_message){
		.type = header.nlmsg_type,
		.flags = header.nlmsg_flags,
		.sequence = header.nlmsg_seq,
		.body = *bytes + sizeof(header),
		.len = header.nlmsg_len - sizeof(header),
	};
	skip = link_skip(header.nlmsg_len, *len);
	*bytes += skip;
	*len -= skip;
	return true;
}

static bool attribute_next(const uint8_t **bytes, size_t *len, struct attribute *attribute)
{
	struct rtattr header;
	size_t skip;

	if (*len < sizeof(header))
		return false;
	memcpy(&header, *bytes, sizeof(header));
	if (header.rta_len < sizeof(header) || header.rta_len > *len)
		return false;
	/* The two upper bits are NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
	attribute->type = header.rta_type & 0x3fff;
	attribute->value = *bytes + sizeof(header);
	attribute->len = header.rta_len - sizeof(header);
	skip = link_skip(header.rta_len, *len);
	*bytes += skip;
	*len -= skip;
	return true;
}

static struct link *link_by_index(const struct link_table *table, unsigned ifindex)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->links[i].ifindex == ifindex)
			return &table->links[i];
	}
	return NULL;
}

static struct link *link_add(struct link_table *table, unsigned ifindex)
{
	if (table->count == table->size) {
		size_t size = table->size == 0 ? 8 : table->size * 2;
		struct link *links = realloc(table->links, size * sizeof(*links));

		if (links == NULL) {
			table->incomplete = true;
			return NULL;
		}
		table->links = links;
		table->size = size;
	}
	table->links[table->count] = (struct link){.ifindex = ifindex};
	return &table->links[table->count++];
}

static bool link_read_name(const uint8_t *bytes, size_t len, char name[IF_NAMESIZE])
{
	struct attribute attribute;
	bool found = false;

	memset(name, 0, IF_NAMESIZE);
	while (attribute_next(&bytes, &len, &attribute)) {
		size_t name_len = strnlen((const char *)attribute.value, attribute.len);

		if (attribute.type != IFLA_IFNAME || name_len == 0 || name_len >= IF_NAMESIZE)
			continue;
		memcpy(name, attribute.value, name_len);
		found = true;
	}
	return found;
}

static bool link_set(struct link_table *table, const struct ifinfomsg *info, const uint8_t *bytes,
		     size_t len)
{
	char name[IF_NAMESIZE];
	struct link *link = link_by_index(table, (unsigned)info->ifi_index);

	if (!link_read_name(bytes, len, name)) {
		if (link == NULL)
			return false;
		memcpy(name, link->name, sizeof(name));
	}
	if (link == NULL)
		link = link_add(table, (unsigned)info->ifi_index);
	else if (link->flags == info->ifi_flags && memcmp(link->name, name, sizeof(name)) == 0)
		return false;
	if (link == NULL)
		return false;
	link->flags = info->ifi_flags;
	memcpy(link->name, name, sizeof(name));
	return true;
}

static bool link_remove(struct link_table *table, unsigned ifindex)
{
	struct link *link = link_by_index(table, ifindex);

	if (link == NULL)
		return false;
	*link = table->links[--table->count];
	return true;
}

static bool link_apply_link(struct link_table *table, const struct link_message *message)
{
	struct ifinfomsg info;

	if (message->len < sizeof(info))
		return false;
	memcpy(&info, message->body, sizeof(info));
	/* A bridge sends "link deleted" in its own family when a port leaves it; the device stays.
	 */
	if (info.ifi_family != AF_UNSPEC || info.ifi_index <= 0)
		return false;
	if (message->type == RTM_DELLINK)
		return link_remove(table, (unsigned)info.ifi_index);
	return link_set(table, &info, message->body + sizeof(info), message->len - sizeof(info));
}

/* On a point-to-point device IFA_ADDRESS is the far end's and IFA_LOCAL ours; elsewhere IPv6 sends
 * IFA_ADDRESS only. */
static bool link_read_address(const struct ifaddrmsg *info, const uint8_t *bytes, size_t len,
			      struct link_address *out)
{
	size_t want = info->ifa_family == AF_INET ? 4 : 16;
	uint32_t flags = info->ifa_flags;
	struct attribute attribute;
	bool local = false;

	*out = (struct link_address){.prefix_len = info->ifa_prefixlen};
	while (attribute_next(&bytes, &len, &attribute)) {
		if (attribute.type == IFA_FLAGS && attribute.len == sizeof(flags))
			memcpy(&flags, attribute.value, sizeof(flags));
		if (attribute.len != want ||
		    (attribute.type != IFA_LOCAL && (attribute.type != IFA_ADDRESS || local)))
			continue;
		local = attribute.type == IFA_LOCAL;
		memcpy(out->address.bytes, attribute.value, want);
		out->address.family = info->ifa_family;
	}
	out->usable = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0 ||
		      (flags & IFA_F_OPTIMISTIC) != 0;
	return out->address.family != AF_UNSPEC;
}

static struct link_address *link_find_address(const struct link *link,
					      const struct link_address *wanted)
{
	for (size_t i = 0; i < link->address_count; i++) {
		const struct link_address *have = &link->addresses[i];

		if (have->prefix_len == wanted->prefix_len &&
		    address_equals(&have->address, &wanted->address))
			return (struct link_address *)have;
	}
	return NULL;
}

static bool link_remove_address(struct link *link, struct link_address *address)
{
	size_t at;

	if (address == NULL)
		return false;
	at = (size_t)(address - link->addresses);
	memmove(address, address + 1, (--link->address_count - at) * sizeof(*address));
	return true;
}

static bool link_set_address(struct link *link, struct link_address *have,
			     const struct link_address *address)
{
	if (have != NULL) {
		bool changed = have->usable != address->usable;

		have->usable = address->usable;
		return changed;
	}
	if (link->address_count == LINK_ADDRESSES_MAX)
		return false;
	link->addresses[link->address_count++] = *address;
	return true;
}

static bool link_apply_address(struct link_table *table, const struct link_message *message)
{
	struct ifaddrmsg info;
	struct link_address address;
	struct link_address *have;
	struct link *link;

	if (message->len < sizeof(info))
		return false;
	memcpy(&info, message->body, sizeof(info));
	link = link_by_index(table, info.ifa_index);
	if (link == NULL || info.ifa_scope != RT_SCOPE_UNIVERSE ||
	    (info.ifa_family != AF_INET && info.ifa_family != AF_INET6))
		return false;
	if (!link_read_address(&info, message->body + sizeof(info), message->len - sizeof(info),
			       &address))
		return false;
	have = link_find_address(link, &address);
	if (message->type == RTM_DELADDR)
		return link_remove_address(link, have);
	return link_set_address(link, have, &address);
}

bool link_table_apply(struct link_table *table, const struct link_message *message)
{
	switch (message->type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return link_apply_link(table, message);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return link_apply_address(table, message);
	default:
		return false;
	}
}

const struct link *link_table_find(const struct link_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strncmp(table->links[i].name, name, IF_NAMESIZE) == 0)
			return &table->links[i];
	}
	return NULL;
}

bool link_same_addresses(const struct link *a, const struct link *b)
{
	if (a->address_count != b->address_count)
		return false;
	for (size_t i = 0; i < a->address_count; i++) {
		if (link_find_address(b, &a->addresses[i]) == NULL)
			return false;
	}
	return true;
}

struct address link_usable_address(const struct link *link, sa_family_t family)
{
	for (size_t i = 0; i < link->address_count; i++) {
		if (link->addresses[i].usable && link->addresses[i].address.family == family)
			return link->addresses[i].address;
	}
	return (struct address){.family = AF_UNSPEC};
}
