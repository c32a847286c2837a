/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts what leaves beside the tunnels, at the kernel's last hook, and raises the alarm when it is
 * ours. Its tables are its own, so that it sees the others fail.
 */
#ifndef WARDEN_WITNESS_H
#define WARDEN_WITNESS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "firewall/kernel.h"
#include "warden/report.h"

struct witness;

/* gateway: the table of the packet rules; the witness's has a name of its own, made from it. own:
 * nobody else may change it. Writes what it sees to report. NULL: problem says why. */
MUST_CHECK struct witness *witness_new(const char *gateway, bool own, struct warden_witness *report,
				       char problem[FIREWALL_PROBLEM_SIZE]);

/* The tables stay in the kernel. */
void witness_free(struct witness *witness);

/* From now on by this policy and its links (borrowed until the next); nothing counted is lost. What
 * fails is logged, and tried again at each look. */
void witness_put(struct witness *witness, const struct firewall_policy *policy);

/* To be called once a second. Now and then it reads its own rules back, and puts them back. True:
 * the report is another one. */
bool witness_look(struct witness *witness);

#endif
