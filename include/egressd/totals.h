/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of the requests of each egress since the start, over all workers and reloads. */
#ifndef EGRESSD_TOTALS_H
#define EGRESSD_TOTALS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/compiler.h"

struct egress_totals {
	char name[64];
	_Atomic uint64_t done;   /* any thread adds */
	_Atomic uint64_t failed; /* allowed, and not connected or cut off */
	SLIST_ENTRY(egress_totals) link;
};

/* Only main adds to it and walks it; an egress that a reload takes away keeps its totals. */
SLIST_HEAD(totals, egress_totals);

/* The totals of that egress, made when first asked for. NULL: no memory. */
MUST_CHECK struct egress_totals *totals_find(struct totals *totals, const char *egress);
void totals_clear(struct totals *totals);

#endif
