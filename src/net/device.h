/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ties sockets to the network device of an egress. Private to net. */
#ifndef NET_DEVICE_H
#define NET_DEVICE_H

#include <stdbool.h>

#include "base/compiler.h"

/* Before connect or the first send. NULL: leaves the routing alone. -1 + errno (ENODEV: no such
 * device now). */
MUST_CHECK int device_bind(int fd, const char *device);

/* Has the device gone away? False for NULL. */
bool device_is_gone(const char *device);

#endif
