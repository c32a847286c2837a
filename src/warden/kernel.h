/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Will this kernel, and this container, do? */
#ifndef WARDEN_KERNEL_H
#define WARDEN_KERNEL_H

#include <stdbool.h>

#include "firewall/kernel.h"

/* Tries what the rules take, and logs what is missing and can be done without. False: problem says
 * what cannot. */
bool kernel_will_do(char problem[FIREWALL_PROBLEM_SIZE]);

#endif
