/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The address guard: which addresses may really be dialled, whatever name led there. Immutable once
 * built. */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/compiler.h"

struct guard;

/*
 * listeners: where we ourselves listen (copied). A wildcard listener (0.0.0.0, ::) covers every
 * address of this machine on that port. NULL + errno when there is no memory.
 */
MUST_CHECK struct guard *guard_new(const struct address *listeners, size_t count);
void guard_free(struct guard *guard);

/*
 * May this address and port be dialled? Special addresses only with allow_private; multicast,
 * broadcast, unspecified and our own listeners never. When not, *reason says why in a few words
 * (static).
 */
bool guard_allows(const struct guard *guard, const struct address *address, bool allow_private,
		  const char **reason);

#endif
