/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packet rules as the daemon tells of them, in one line each. */
#ifndef EGRESSCTL_STATUS_FIREWALL_H
#define EGRESSCTL_STATUS_FIREWALL_H

#include "egressctl/print.h"

/* Of rules that are in force. */
void firewall_text(const json_t *firewall, int64_t now_ms, char out[PRINT_SIZE]);

/* How often they were put back, and the last time in words. */
void repairs_text(const json_t *firewall, int64_t now_ms, char out[PRINT_SIZE]);

#endif
