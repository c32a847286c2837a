/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interfaces of this network namespace, with all addresses that each has. */
#ifndef EGRESSCTL_INTERFACES_H
#define EGRESSCTL_INTERFACES_H

#include <net/if.h>
#include <stdbool.h>

#include "base/address.h"

/* Which one has the address? False: none, or they cannot be listed. */
bool interface_with(const struct address *address, char name[IFNAMSIZ]);

#endif
