/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: a ruleset as messages to the kernel. */
#ifndef FIREWALL_WRITE_H
#define FIREWALL_WRITE_H

#include "base/compiler.h"
#include "batch.h"
#include "firewall/ruleset.h"

/* The table made anew with everything in it. -1 + ENOMEM. */
MUST_CHECK int ruleset_write(const struct ruleset *ruleset, uint32_t table_flags,
			     struct batch *batch);

/* The table made, if it is not there, and deleted. -1 + ENOMEM. */
MUST_CHECK int table_write_removal(const char *table, struct batch *batch);

#endif
