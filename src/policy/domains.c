/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names in one arena, found through one open-addressing table. The hash is chained label by label
 * from the right, so that a single pass over a name gives the hash of each of its suffixes.
 */
#include "policy/domains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/background.h"

enum {
	DOMAINS_FIRST_SLOTS = 16,
	DOMAINS_FIRST_BYTES = 256,
	DOMAINS_STRETCH_SLOTS = 512, /* between two chances to rest */
};

/*
 * 31 bits of the hash: they say where the entry belongs, so that growing touches no name, and what
 * the table's size leaves of them spares nearly every look into the arena. Offset 0 means empty.
 */
struct domain_slot {
	uint32_t offset;
	uint32_t tag : 31;
	uint32_t below : 1;
};

struct domains {
	struct hash_key key;
	struct domain_slot *slots; /* a power of two of them */
	size_t slot_count, count;
	unsigned char *bytes; /* per name: its length, then the name */
	size_t used, size;
	size_t labels_max; /* of any entry: longer suffixes need no lookup */
};

struct domains *domains_new(const struct hash_key *key)
{
	struct domains *domains = calloc(1, sizeof(*domains));

	if (domains == NULL)
		return NULL;
	domains->key = *key;
	domains->slots = calloc(DOMAINS_FIRST_SLOTS, sizeof(*domains->slots));
	domains->bytes = malloc(DOMAINS_FIRST_BYTES);
	if (domains->slots == NULL || domains->bytes == NULL) {
		domains_free(domains);
		errno = ENOMEM;
		return NULL;
	}
	domains->slot_count = DOMAINS_FIRST_SLOTS;
	domains->size = DOMAINS_FIRST_BYTES;
	domains->used = 1;
	return domains;
}

void domains_free(struct domains *domains)
{
	if (domains == NULL)
		return;
	background_discard(domains->slots, domains->slot_count * sizeof(*domains->slots));
	background_discard(domains->bytes, domains->size);
	free(domains->slots);
	free(domains->bytes);
	free(domains);
}

void domain_query_init(struct domain_query *query, const struct hash_key *key, const char *name,
		       size_t len)
{
	uint64_t state = 0;
	size_t end = len;

	query->name = name;
	query->len = len;
	query->labels = 0;
	while (end > 0 && query->labels < DOMAIN_LABELS_MAX) {
		const char *dot = memrchr(name, '.', end);
		size_t start = dot == NULL ? 0 : (size_t)(dot - name) + 1;
		struct hash_key chained = {key->k0 ^ state, key->k1};

		state = hash_bytes(&chained, name + start, end - start);
		query->starts[query->labels] = (uint8_t)start;
		query->hashes[query->labels++] = state;
		end = start == 0 ? 0 : start - 1;
	}
}

static uint32_t domains_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 33);
}

/* The slot of this name, or the empty one where it belongs. The table is never full. */
static struct domain_slot *domains_find(const struct domains *domains, uint64_t hash,
					const char *name, size_t len)
{
	size_t mask = domains->slot_count - 1;
	uint32_t tag = domains_tag(hash);

	for (size_t i = tag & mask;; i = (i + 1) & mask) {
		struct domain_slot *slot = &domains->slots[i];
		const unsigned char *entry = domains->bytes + slot->offset;

		if (slot->offset == 0)
			return slot;
		if (slot->tag == tag && entry[0] == len && memcmp(entry + 1, name, len) == 0)
			return slot;
	}
}

static int domains_grow_slots(struct domains *domains)
{
	size_t count = domains->slot_count * 2;
	struct domain_slot *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return -1;
	for (size_t i = 0; i < domains->slot_count; i++) {
		struct domain_slot old = domains->slots[i];
		size_t at;

		if (i % DOMAINS_STRETCH_SLOTS == 0)
			background_rest();
		if (old.offset == 0)
			continue;
		at = old.tag & (count - 1);
		while (slots[at].offset != 0)
			at = (at + 1) & (count - 1);
		slots[at] = old;
	}
	background_discard(domains->slots, domains->slot_count * sizeof(*slots));
	free(domains->slots);
	domains->slots = slots;
	domains->slot_count = count;
	return 0;
}

/* Three quarters full at most: runs stay short and an empty slot always ends them. */
static int domains_make_room(struct domains *domains, size_t len)
{
	size_t size = domains->size;
	unsigned char *bytes;

	if (domains->used + len + 1 > UINT32_MAX) {
		errno = EFBIG;
		return -1;
	}
	while (size - domains->used < len + 1)
		size += size / 2;
	if (size != domains->size) {
		bytes = realloc(domains->bytes, size);
		if (bytes == NULL)
			return -1;
		domains->bytes = bytes;
		domains->size = size;
	}
	if ((domains->count + 1) * 4 > domains->slot_count * 3)
		return domains_grow_slots(domains);
	return 0;
}

int domains_add(struct domains *domains, const char *name, size_t len, bool below)
{
	struct domain_query query;
	struct domain_slot *slot;
	uint64_t hash;

	if (len == 0 || len > HOST_NAME_MAX_LEN) {
		errno = EINVAL;
		return -1;
	}
	if (domains_make_room(domains, len) < 0)
		return -1;
	domain_query_init(&query, &domains->key, name, len);
	hash = query.hashes[query.labels - 1];
	slot = domains_find(domains, hash, name, len);
	if (slot->offset == 0) {
		slot->offset = (uint32_t)domains->used;
		slot->tag = domains_tag(hash) & 0x7fffffff;
		domains->bytes[domains->used] = (unsigned char)len;
		memcpy(domains->bytes + domains->used + 1, name, len);
		domains->used += len + 1;
		domains->count++;
		if (query.labels > domains->labels_max)
			domains->labels_max = query.labels;
	}
	slot->below |= below;
	return 0;
}

void domains_trim(struct domains *domains)
{
	unsigned char *bytes = realloc(domains->bytes, domains->used);

	if (bytes == NULL)
		return;
	domains->bytes = bytes;
	domains->size = domains->used;
}

/* The suffix of the query with this many labels. */
static const struct domain_slot *domains_suffix(const struct domains *domains,
						const struct domain_query *query, size_t labels)
{
	size_t start = query->starts[labels - 1];

	return domains_find(domains, query->hashes[labels - 1], query->name + start,
			    query->len - start);
}

bool domains_match(const struct domains *domains, const struct domain_query *query)
{
	size_t most = query->labels < domains->labels_max ? query->labels : domains->labels_max;

	/* The slots lie far apart: fetch them together instead of waiting for each. */
	for (size_t i = 0; i < most; i++)
		__builtin_prefetch(
			&domains->slots[domains_tag(query->hashes[i]) & (domains->slot_count - 1)]);
	for (size_t labels = 1; labels <= most; labels++) {
		const struct domain_slot *slot = domains_suffix(domains, query, labels);

		if (slot->offset != 0 && (slot->below || labels == query->labels))
			return true;
	}
	return false;
}

bool domains_contain(const struct domains *domains, const char *name, size_t len)
{
	struct domain_query query;

	domain_query_init(&query, &domains->key, name, len);
	return domains_match(domains, &query);
}

bool domains_cover(const struct domains *domains, const char *name, size_t len, bool below)
{
	struct domain_query query;

	domain_query_init(&query, &domains->key, name, len);
	if (!below)
		return domains_match(domains, &query);
	for (size_t labels = 1; labels <= query.labels; labels++) {
		const struct domain_slot *slot = domains_suffix(domains, &query, labels);

		if (slot->offset != 0 && slot->below)
			return true;
	}
	return false;
}

bool domains_every(const struct domains *domains, domain_fn *each, void *arg)
{
	for (size_t i = 0; i < domains->slot_count; i++) {
		struct domain_slot slot = domains->slots[i];
		const unsigned char *entry = domains->bytes + slot.offset;

		if (slot.offset != 0 && !each(arg, (const char *)entry + 1, entry[0], slot.below))
			return false;
	}
	return true;
}

size_t domains_count(const struct domains *domains)
{
	return domains->count;
}

size_t domains_bytes(const struct domains *domains)
{
	return sizeof(*domains) + domains->slot_count * sizeof(*domains->slots) + domains->size;
}
