/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may be asking, without looking at each client: one binary search for every length of prefix
 * in use, and one among the users. Inside this folder only.
 */
#ifndef POLICY_CLIENTS_H
#define POLICY_CLIENTS_H

#include "base/compiler.h"
#include "base/prefix.h"
#include "policy/rule.h"

struct clients_index;

/* NULL + errno. */
MUST_CHECK struct clients_index *clients_index_new(void);
void clients_index_free(struct clients_index *index);

/* The client has this address, beside others. -1 + errno. */
MUST_CHECK int clients_index_address(struct clients_index *index, int client,
				     const struct prefix *prefix);

/* Takes in the users, and sorts; before it nobody is found. The clients' names stay theirs. -1 +
 * errno. */
MUST_CHECK int clients_index_seal(struct clients_index *index, const struct policy_client *clients,
				  size_t count);

/* Do the address and the user that the client has, where it has any, fit? */
bool client_holds(const struct policy_client *client, const struct address *source,
		  const char *user, size_t user_len);

/* The first of the clients that has an address or a user, and all that it has fits; -1: none. */
int clients_index_find(const struct clients_index *index, const struct policy_client *clients,
		       const struct address *source, const char *user, size_t user_len);

#endif
