/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a reload replaces, built whole before anybody sees it, immutable and
 * reference-counted. */
#ifndef EGRESSD_SNAPSHOT_H
#define EGRESSD_SNAPSHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "config/config.h"

struct config_files;
struct egress_totals;
struct guard;
struct ssl_ctx_st;
struct tunnel;
struct totals;
struct tunnel_monitor;
struct upstream;
struct users;

/* Where clients come in: a listen or a forward line. */
struct endpoint {
	struct address address;
	const struct listen_config *listen;   /* NULL for a forward */
	const struct forward_config *forward; /* NULL for a listen */
	struct ssl_ctx_st *tls;               /* NULL: none */
	struct users *users;                  /* NULL: no login is asked for */
};

/* An egress line with what its sockets need. */
struct egress {
	const struct egress_config *config;
	struct upstream *upstream; /* of a proxy egress */
	struct tunnel *tunnel;     /* of a device egress; belongs to the monitor */
	struct egress_totals *totals;
};

struct snapshot {
	struct config *config;
	struct guard *guard;
	struct endpoint *endpoints;
	size_t endpoint_count;
	struct egress *egresses; /* by the policy's egress index */
	size_t egress_count;
	_Atomic uint32_t *client_sessions; /* open now, by client index, over all workers */
	_Atomic uint32_t references;
};

/*
 * Takes the reference of config, also when it fails. Reads passwords and certificates from files,
 * watches devices. NULL: problem holds one sentence that names the line.
 */
MUST_CHECK struct snapshot *snapshot_new(struct config *config, const struct config_files *files,
					 struct tunnel_monitor *monitor, struct totals *totals,
					 char problem[512]);

/* Any thread. */
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

/* The endpoint that listens there; NULL: none does. */
const struct endpoint *snapshot_find_endpoint(const struct snapshot *snapshot,
					      const struct address *address);

#endif
