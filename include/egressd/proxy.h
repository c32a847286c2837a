/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The proxy as a process of its own: what the warden starts. */
#ifndef EGRESSD_PROXY_H
#define EGRESSD_PROXY_H

#include <stdbool.h>

#include "base/compiler.h"

/* Serves until the warden says stop. Returns what the process should exit with. */
MUST_CHECK int proxy_run(bool no_seccomp);

#endif
