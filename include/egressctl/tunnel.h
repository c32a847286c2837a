/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What "tunnel" and "doctor" both know of Gluetun's control server. */
#ifndef EGRESSCTL_TUNNEL_H
#define EGRESSCTL_TUNNEL_H

struct config;
struct egress_config;

/* How its roles are made: for people, in lines. */
extern const char tunnel_roles[];

/* The egress whose Gluetun the policy names; NULL: there is none. */
const struct egress_config *tunnel_find_gluetun(const struct config *config);

#endif
