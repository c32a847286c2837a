/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where qBittorrent stands: what it shows of itself to every peer depends on it. */
#ifndef EGRESSCTL_TORRENTS_H
#define EGRESSCTL_TORRENTS_H

#include "base/address.h"
#include "base/compiler.h"

enum torrents_place {
	TORRENTS_UNKNOWN, /* nobody says where it is, or that name is not known here */
	TORRENTS_INSIDE,  /* in this network namespace, the VPN's */
	TORRENTS_OUTSIDE,
};

#define TORRENTS_CURE "docker compose -f compose.yaml -f with-qbittorrent-in-vpn.yaml up -d"

/* Goes by QBITTORRENT_URL of the environment, as compose.yaml sets it. A name in it is asked of the
 * system's resolver, two seconds at most. address: where it is, unless nothing is known. */
MUST_CHECK enum torrents_place torrents_find(struct address *address);

#endif
