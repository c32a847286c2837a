/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the proxy may ask of the kernel once it runs: what serving takes, and nothing else
 * (seccomp). A call that is not on the list fails with EPERM and stands in the log: a library that
 * tries something new on a rare path must not take everybody's sessions with it, and an intruder
 * gets as little either way.
 */
#ifndef EGRESSD_CONFINE_H
#define EGRESSD_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum confinement {
	CONFINEMENT_ON,
	CONFINEMENT_OFF,         /* as the operator asked */
	CONFINEMENT_UNSUPPORTED, /* a build with sanitizers, which ask for anything */
};

/* For all threads, those that are there and those to come; once. -1 + errno: there is no filter. */
MUST_CHECK int confine_start(enum confinement *confinement);

/* Readable when a call was refused; -1 before the start. */
int confine_descriptor(void);

/* Takes note of what was refused since the last time: how many, and the last one by its name, or by
 * its number where it has none. */
uint64_t confine_read_refused(char name[64]);

#endif
