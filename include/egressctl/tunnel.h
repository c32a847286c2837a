/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What "tunnel" and "doctor" both know of Gluetun's control server. */
#ifndef EGRESSCTL_TUNNEL_H
#define EGRESSCTL_TUNNEL_H

#include "base/compiler.h"

struct config;
struct egress_config;

enum {
	TUNNEL_KEY_SIZE = 256,
};

/* How its roles are made: for people, in lines. */
extern const char tunnel_roles[];

/* The first line of the file. -1 + errno; ENODATA: there is none. */
MUST_CHECK int tunnel_read_key(const char *path, char key[TUNNEL_KEY_SIZE]);

/* The egress whose Gluetun the policy names; NULL: there is none. */
const struct egress_config *tunnel_find_gluetun(const struct config *config);

#endif
