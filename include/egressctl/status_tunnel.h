/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EGRESSCTL_STATUS_TUNNEL_H
#define EGRESSCTL_STATUS_TUNNEL_H

#include "egressctl/print.h"

/* A tunnel's addresses and its last probe, in so many columns. */
void addresses_text(const json_t *tunnel, int64_t now_ms, size_t room, char out[PRINT_SIZE]);

/* What Gluetun says, and how it is to be shown. */
enum style gluetun_text(const json_t *gluetun, char out[PRINT_SIZE]);

#endif
