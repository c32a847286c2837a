/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: sets of addresses as the kernel holds them. */
#ifndef FIREWALL_READ_SET_H
#define FIREWALL_READ_SET_H

#include <libnftnl/set.h>

#include "base/compiler.h"
#include "firewall/ruleset.h"

struct firewall;

/* AF_UNSPEC for a set that is none of address ranges. */
sa_family_t set_family(const struct nftnl_set *set);

/* Asks for the elements of the ruleset's set of this index and adds them. -1 + errno. */
MUST_CHECK int set_read_elements(struct firewall *firewall, struct ruleset *ruleset, size_t index);

#endif
