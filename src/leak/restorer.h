/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: takes a tunnel down, and a process that puts it back whatever becomes of
 * us. */
#ifndef LEAK_RESTORER_H
#define LEAK_RESTORER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"

struct restorer {
	pid_t pid;
	int holds; /* as long as it is open, nothing is put back */
};

/* Notes how the device is: up, its IPv6 addresses, which go with the link, and the routes by it.
 * The commands are run by the shell in place of that; NULL: none. -1 + errno. */
MUST_CHECK int restorer_start(struct restorer *restorer, const char *device,
			      const char *up_command);

/* Takes it down. -1 + errno. */
MUST_CHECK int restorer_down(const char *device, const char *down_command);

/* Puts it back. False: that did not succeed. */
MUST_CHECK bool restorer_restore(struct restorer *restorer);

#endif
