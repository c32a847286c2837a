/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two sorted arrays: the users, each with a client that has it, and the addresses of the clients
 * that have no users. */
#include "policy/clients.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/prefixes.h"

struct client_address {
	struct prefix prefix;
	int client;
};

struct client_user {
	struct policy_user user;
	int client;
};

enum {
	CLIENT_GROUPS_MAX = 33 + 129, /* lengths of a prefix, IPv4 and IPv6 */
};

/* Addresses of one family and length of prefix. */
struct client_group {
	sa_family_t family;
	size_t start, end;
};

struct clients_index {
	struct client_address *addresses; /* by group, address, client */
	struct client_user *users;        /* by name, client */
	struct client_group groups[CLIENT_GROUPS_MAX];
	size_t address_count, user_count, group_count;
};

struct clients_index *clients_index_new(void)
{
	return calloc(1, sizeof(struct clients_index));
}

void clients_index_free(struct clients_index *index)
{
	if (index == NULL)
		return;
	free(index->addresses);
	free(index->users);
	free(index);
}

int clients_index_address(struct clients_index *index, int client, const struct prefix *prefix)
{
	struct client_address *grown =
		array_more(index->addresses, index->address_count, sizeof(*grown));

	if (grown == NULL)
		return -1;
	index->addresses = grown;
	grown[index->address_count++] = (struct client_address){*prefix, client};
	return 0;
}

static int clients_index_user(struct clients_index *index, int client,
			      const struct policy_user *user)
{
	struct client_user *grown = array_more(index->users, index->user_count, sizeof(*grown));

	if (grown == NULL)
		return -1;
	index->users = grown;
	grown[index->user_count++] = (struct client_user){*user, client};
	return 0;
}

static int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	if (a->bits != b->bits)
		return a->bits < b->bits ? -1 : 1;
	return memcmp(a->address.bytes, b->address.bytes, address_len(&a->address));
}

static int client_address_compare(const void *a, const void *b)
{
	const struct client_address *left = a, *right = b;
	int order = prefix_compare(&left->prefix, &right->prefix);

	return order != 0 ? order : left->client - right->client;
}

static int user_compare(const struct policy_user *a, const struct policy_user *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->len == 0 ? 0 : memcmp(a->name, b->name, a->len);
}

static int client_user_compare(const void *a, const void *b)
{
	const struct client_user *left = a, *right = b;
	int order = user_compare(&left->user, &right->user);

	return order != 0 ? order : left->client - right->client;
}

/* A client with users is looked for by them alone: many may share a network. */
static void index_drop_addresses_of_users(struct clients_index *index,
					  const struct policy_client *clients)
{
	size_t kept = 0;

	for (size_t i = 0; i < index->address_count; i++) {
		if (clients[index->addresses[i].client].user_count == 0)
			index->addresses[kept++] = index->addresses[i];
	}
	index->address_count = kept;
}

static void index_group(struct clients_index *index)
{
	const struct prefix *last = NULL;

	for (size_t i = 0; i < index->address_count; i++) {
		const struct prefix *prefix = &index->addresses[i].prefix;

		if (last == NULL || last->address.family != prefix->address.family ||
		    last->bits != prefix->bits)
			index->groups[index->group_count++] =
				(struct client_group){prefix->address.family, i, i};
		index->groups[index->group_count - 1].end = i + 1;
		last = prefix;
	}
}

int clients_index_seal(struct clients_index *index, const struct policy_client *clients,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < clients[i].user_count; j++) {
			if (clients_index_user(index, (int)i, &clients[i].users[j]) < 0)
				return -1;
		}
	}
	index_drop_addresses_of_users(index, clients);
	if (index->address_count > 0)
		qsort(index->addresses, index->address_count, sizeof(*index->addresses),
		      client_address_compare);
	if (index->user_count > 0)
		qsort(index->users, index->user_count, sizeof(*index->users), client_user_compare);
	index_group(index);
	return 0;
}

static bool client_is_user(const struct policy_client *client, const struct policy_user *user)
{
	for (size_t i = 0; i < client->user_count; i++) {
		if (user_compare(&client->users[i], user) == 0)
			return true;
	}
	return client->user_count == 0;
}

bool client_holds(const struct policy_client *client, const struct address *source,
		  const char *user, size_t user_len)
{
	const struct policy_user asking = {user, user_len};

	return (client->addresses == NULL || prefixes_contain(client->addresses, source)) &&
	       client_is_user(client, &asking);
}

/* The first client of the group whose prefix the address is in; -1: none. */
static int group_find(const struct clients_index *index, const struct client_group *group,
		      const struct address *source)
{
	size_t low = group->start, high = group->end;
	struct prefix wanted = index->addresses[low].prefix;
	struct address mask = prefix_mask(&wanted);

	for (size_t i = 0; i < address_len(source); i++)
		wanted.address.bytes[i] = source->bytes[i] & mask.bytes[i];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (prefix_compare(&index->addresses[middle].prefix, &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == group->end || prefix_compare(&index->addresses[low].prefix, &wanted) != 0)
		return -1;
	return index->addresses[low].client;
}

/* The first client that has the user, and an address that fits; -1: none. */
static int user_find(const struct clients_index *index, const struct policy_client *clients,
		     const struct address *source, const struct policy_user *user)
{
	size_t low = 0, high = index->user_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (user_compare(&index->users[middle].user, user) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < index->user_count && user_compare(&index->users[low].user, user) == 0; low++) {
		int client = index->users[low].client;

		if (clients[client].addresses == NULL ||
		    prefixes_contain(clients[client].addresses, source))
			return client;
	}
	return -1;
}

int clients_index_find(const struct clients_index *index, const struct policy_client *clients,
		       const struct address *source, const char *user, size_t user_len)
{
	const struct policy_user asking = {user, user_len};
	int first = user_find(index, clients, source, &asking);

	for (size_t i = 0; i < index->group_count; i++) {
		int found = index->groups[i].family == source->family
				    ? group_find(index, &index->groups[i], source)
				    : -1;

		if (found >= 0 && (first < 0 || found < first))
			first = found;
	}
	return first;
}
