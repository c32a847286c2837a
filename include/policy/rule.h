/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The insides of a policy, shared by the files of this folder and by nobody else. */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "policy/policy.h"

struct clients_index;
struct domains;
struct prefixes;

/* Names and addresses; NULL where there are none. */
struct policy_set {
	struct domains *domains;
	struct prefixes *prefixes;
	bool special; /* "private" */
};

/* One side of a rule's "to": what it asks for, or what "not" takes away. */
struct rule_side {
	bool given; /* anything at all stands here */
	bool any, literal;
	struct policy_set own;
	int *sets;
	size_t set_count;
};

struct port_range {
	uint16_t low, high;
};

struct rule_client {
	int client;
	bool except;
};

struct rule {
	int egress;                /* POLICY_EGRESS_NONE: block */
	struct rule_client *named; /* as the file has it */
	size_t named_count;
	uint64_t *from; /* one bit a client, the last one for those unknown; NULL: everyone */
	struct rule_side to, except;
	struct port_range *ports; /* sorted and disjoint; none: every port */
	size_t port_count;
	unsigned transports; /* TRANSPORT_TCP | TRANSPORT_UDP */
	struct rule_source source;
};

struct policy_user {
	const char *name;
	size_t len;
};

struct policy_client {
	const char *name;
	struct prefixes *addresses; /* NULL: any */
	struct policy_user *users;  /* none: any */
	size_t user_count;
};

struct policy_egress {
	const char *name;
	bool guarded;
};

struct policy {
	struct arena arena; /* names and texts */
	struct hash_key key;
	const char *file;
	struct policy_client *clients;
	struct clients_index *index;
	struct policy_egress *egresses;
	struct policy_set *sets;
	struct rule *rules;
	size_t client_count, egress_count, set_count, rule_count;
	struct rule fallback; /* the default line */
	bool has_fallback;
};

/* Does the rule's "from" hold for a client, or for POLICY_CLIENT_UNKNOWN? */
bool rule_takes_client(const struct policy *policy, const struct rule *rule, int client);

bool rule_takes_port(const struct rule *rule, uint16_t port);

#endif
