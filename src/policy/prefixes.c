/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sorted disjoint ranges of addresses. */
#include "policy/prefixes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An address as a number; IPv4 uses the low half alone. */
struct number {
	uint64_t high, low;
};

struct range {
	struct number first, last;
};

struct ranges {
	struct range *items;
	size_t count, room;
	size_t sealed; /* the first of them that are sorted and disjoint */
};

struct prefixes {
	struct ranges v4, v6;
};

static int number_compare(struct number a, struct number b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	if (a.low != b.low)
		return a.low < b.low ? -1 : 1;
	return 0;
}

static struct number number_next(struct number number)
{
	number.low++;
	number.high += number.low == 0;
	return number;
}

static struct number number_of(const struct address *address)
{
	struct number number = {0};
	size_t len = address_len(address);

	for (size_t i = 0; i < len; i++) {
		if (len - i > 8)
			number.high = number.high << 8 | address->bytes[i];
		else
			number.low = number.low << 8 | address->bytes[i];
	}
	return number;
}

static struct range range_of(const struct prefix *prefix)
{
	struct number first = number_of(&prefix->address);
	struct range range = {first, first};
	unsigned free_bits = (unsigned)address_len(&prefix->address) * 8 - prefix->bits;

	range.last.low |= free_bits >= 64 ? UINT64_MAX : ((uint64_t)1 << free_bits) - 1;
	if (free_bits > 64)
		range.last.high |=
			free_bits == 128 ? UINT64_MAX : ((uint64_t)1 << (free_bits - 64)) - 1;
	return range;
}

struct prefixes *prefixes_new(void)
{
	return calloc(1, sizeof(struct prefixes));
}

void prefixes_free(struct prefixes *prefixes)
{
	if (prefixes == NULL)
		return;
	free(prefixes->v4.items);
	free(prefixes->v6.items);
	free(prefixes);
}

static struct ranges *prefixes_family(const struct prefixes *prefixes, sa_family_t family)
{
	const struct ranges *ranges = family == AF_INET6 ? &prefixes->v6 : &prefixes->v4;

	return (struct ranges *)ranges;
}

int prefixes_add(struct prefixes *prefixes, const struct prefix *prefix)
{
	struct ranges *ranges = prefixes_family(prefixes, prefix->address.family);

	if (address_len(&prefix->address) == 0) {
		errno = EINVAL;
		return -1;
	}
	if (ranges->count == ranges->room) {
		size_t room = ranges->room == 0 ? 8 : ranges->room * 2;
		struct range *items = reallocarray(ranges->items, room, sizeof(*items));

		if (items == NULL)
			return -1;
		ranges->items = items;
		ranges->room = room;
	}
	ranges->items[ranges->count++] = range_of(prefix);
	return 0;
}

static int range_compare(const void *a, const void *b)
{
	const struct range *left = a, *right = b;

	return number_compare(left->first, right->first);
}

static void ranges_seal(struct ranges *ranges)
{
	size_t kept = 0;

	if (ranges->sealed == ranges->count)
		return;
	qsort(ranges->items, ranges->count, sizeof(*ranges->items), range_compare);
	for (size_t i = 1; i < ranges->count; i++) {
		struct range *last = &ranges->items[kept];
		const struct range *next = &ranges->items[i];
		struct number after = number_next(last->last);
		bool whole_space = after.high == 0 && after.low == 0;

		if (!whole_space && number_compare(next->first, after) > 0)
			ranges->items[++kept] = *next;
		else if (number_compare(next->last, last->last) > 0)
			last->last = next->last;
	}
	ranges->count = ranges->sealed = kept + 1;
}

void prefixes_seal(struct prefixes *prefixes)
{
	ranges_seal(&prefixes->v4);
	ranges_seal(&prefixes->v6);
}

/* The range with the greatest start that is not above the number; NULL: there is none. */
static const struct range *ranges_find(const struct ranges *ranges, struct number number)
{
	size_t low = 0, high = ranges->sealed;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (number_compare(ranges->items[middle].first, number) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? NULL : &ranges->items[low - 1];
}

static bool ranges_cover(const struct ranges *ranges, const struct range *inner)
{
	const struct range *found = ranges_find(ranges, inner->first);

	return found != NULL && number_compare(inner->last, found->last) <= 0;
}

bool prefixes_contain(const struct prefixes *prefixes, const struct address *address)
{
	struct number number = number_of(address);
	struct range single = {number, number};

	if (address_len(address) == 0)
		return false;
	return ranges_cover(prefixes_family(prefixes, address->family), &single);
}

static bool ranges_cover_all(const struct ranges *ranges, const struct ranges *inner)
{
	for (size_t i = 0; i < inner->count; i++) {
		if (!ranges_cover(ranges, &inner->items[i]))
			return false;
	}
	return true;
}

bool prefixes_cover_all(const struct prefixes *prefixes, const struct prefixes *inner)
{
	return ranges_cover_all(&prefixes->v4, &inner->v4) &&
	       ranges_cover_all(&prefixes->v6, &inner->v6);
}

size_t prefixes_count(const struct prefixes *prefixes)
{
	return prefixes->v4.count + prefixes->v6.count;
}
