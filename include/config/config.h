/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The policy file as the program uses it: an immutable, reference-counted snapshot. Loading is all
 * or nothing: an error, or an expect line that does not hold, gives no config at all. Indexes of
 * clients and egresses are the policy's.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/host.h"
#include "base/log.h"
#include "base/prefix.h"
#include "config/egress.h"
#include "config/firewall.h"
#include "config/heal.h"

struct config_report;
struct policy;

enum listen_kind {
	LISTEN_MIXED, /* told apart by the first byte */
	LISTEN_HTTP,
	LISTEN_SOCKS,
};

struct listen_config {
	enum listen_kind kind;
	struct address address;
	int client;                                      /* "as CLIENT", or POLICY_CLIENT_UNKNOWN */
	const char *auth_file;                           /* NULL: no login asked for */
	const char *tls_certificate_file, *tls_key_file; /* NULL: no TLS */
	unsigned line;
};

struct forward_config {
	struct address listen;
	struct address target;
	const struct prefix *from; /* who may use it; none: nobody is refused */
	size_t from_count;
	unsigned line;
};

/* What a client is known by besides its listener. */
struct client_config {
	const struct prefix *addresses; /* none: any */
	size_t address_count;
	bool has_user;
};

struct config {
	const char *path;
	struct policy *policy;
	const struct listen_config *listeners;
	size_t listener_count;
	const struct forward_config *forwards;
	size_t forward_count;
	const struct client_config *clients; /* by the policy's client index */
	size_t client_count;
	const struct egress_config *egresses; /* by the policy's egress index */
	size_t egress_count;
	const uint32_t *client_session_limits; /* by client index; 0: no limit */
	int64_t hold_ms;                       /* "hold", default 25 s */
	int64_t handshake_timeout_ms; /* "timeout handshake", default 15 s: a request is complete */
	int64_t connect_timeout_ms;   /* "timeout connect", default 20 s: the origin is there */
	int64_t idle_timeout_ms;      /* "timeout idle", default 10 min: no byte either way */
	const char *control_path;     /* "control PATH", default /run/egressd/control.sock */
	enum log_level log_level;
	enum log_format log_format;
	bool log_hosts;   /* "log hosts no": nothing of a destination in the log or status */
	bool add_via;     /* "via yes" */
	unsigned workers; /* "workers N"; 0: one for each processor */
	uint16_t udp_port_low, udp_port_high; /* "udp-ports LOW-HIGH"; 0 0: any */
	struct firewall_config firewall;      /* "firewall", "vpn-endpoint" */
	struct heal_config heal;
	_Atomic uint32_t references; /* config_ref, config_unref */
};

/* Reads and checks a file, or what environment_or_file has in its place. Warnings and errors are
 * added to report. NULL: there were errors, all told in the report. The caller has the one
 * reference. */
MUST_CHECK struct config *config_load(const char *path, struct config_report *report);

/* The same from memory; path is only for messages. */
MUST_CHECK struct config *config_parse(const char *path, const char *text, size_t len,
				       struct config_report *report);

/* Any thread. */
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* By the policy's client index; the configuration owns it. */
const char *config_client_name(const struct config *config, size_t client);

#endif
