/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: what Gluetun says its VPN's address is. */
#ifndef LEAK_GLUETUN_H
#define LEAK_GLUETUN_H

#include "base/address.h"

struct config;

/* Asks the control server of each egress that has one. AF_UNSPEC: none says. */
struct address gluetun_public_address(const struct config *config);

#endif
