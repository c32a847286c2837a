/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: egressd's own processes. */
#ifndef LEAK_PROCESS_H
#define LEAK_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The proxy of this user in our network namespace, when a warden is there that starts it again; 0:
 * none. */
pid_t process_find_proxy(uint32_t uid);

#endif
