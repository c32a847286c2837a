/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A set of names: "a.b" exactly, or a.b and everything below it. Built once, then read by any
 * thread; how long a lookup takes depends on the labels of the name asked for, not on the set.
 */
#ifndef POLICY_DOMAINS_H
#define POLICY_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/host.h"

struct domains;

enum {
	DOMAIN_LABELS_MAX = (HOST_NAME_MAX_LEN + 1) / 2,
};

/*
 * A name prepared for asking any number of tables that share a key: the hash and start of each
 * suffix, the shortest suffix first. The name is borrowed.
 */
struct domain_query {
	const char *name;
	size_t len, labels;
	uint8_t starts[DOMAIN_LABELS_MAX];
	uint64_t hashes[DOMAIN_LABELS_MAX];
};

/* The key guards against names chosen to collide. NULL + errno. */
MUST_CHECK struct domains *domains_new(const struct hash_key *key);
void domains_free(struct domains *domains);

/*
 * name: canonical, as struct host has it, 1-253 bytes. below: everything below it too. What is
 * there already is only widened. -1 + errno (ENOMEM, EINVAL, EFBIG beyond 4 GiB of names).
 */
MUST_CHECK int domains_add(struct domains *domains, const char *name, size_t len, bool below);

/* Gives back the room that growing needed; call it when the last name is in. */
void domains_trim(struct domains *domains);

/* name: canonical, 1-253 bytes. */
void domain_query_init(struct domain_query *query, const struct hash_key *key, const char *name,
		       size_t len);

/* Is the name one of the set, or below one? */
bool domains_match(const struct domains *domains, const struct domain_query *query);

/* The same for once. */
bool domains_contain(const struct domains *domains, const char *name, size_t len);

/* Does every name that "name" (and, with below, everything under it) stands for match? */
bool domains_cover(const struct domains *domains, const char *name, size_t len, bool below);

/* Calls each for every entry until it says false; true when none did. In no particular order. */
typedef bool domain_fn(void *arg, const char *name, size_t len, bool below);
bool domains_every(const struct domains *domains, domain_fn *each, void *arg);

size_t domains_count(const struct domains *domains);

/* All memory it holds. */
size_t domains_bytes(const struct domains *domains);

#endif
