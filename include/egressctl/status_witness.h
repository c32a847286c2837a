/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EGRESSCTL_STATUS_WITNESS_H
#define EGRESSCTL_STATUS_WITNESS_H

#include "egressctl/print.h"

/* One line of what left beside the tunnels, and how it is to be shown. */
enum style witness_text(const json_t *witness, int64_t now_ms, char out[PRINT_SIZE]);

#endif
