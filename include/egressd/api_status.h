/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the control API tells of the daemon, which fills it. NULL, or a time of 0, is "none". */
#ifndef EGRESSD_API_STATUS_H
#define EGRESSD_API_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "tunnel/gluetun.h"
#include "tunnel/tunnel.h"
#include "warden/report.h"

enum {
	API_REFUSALS_MAX = 16,
};

struct api_egress {
	const char *name;
	const char *kind;                   /* "device", "proxy", "direct" */
	const struct tunnel_status *tunnel; /* NULL: not a device */
	const char *gluetun_url;            /* NULL: Gluetun is not asked about it */
	const struct gluetun_status *gluetun;
};

/* Counters since the start; the same words are labels of the metrics. */
struct api_session_count {
	const char *protocol; /* "http", "connect", "socks4", "socks5", "udp" */
	uint64_t count;
};

struct api_request_count {
	const char *egress, *outcome; /* "ok", "refused", "failed"; egress "-" when refused */
	uint64_t count;
};

struct api_refusal_count {
	const char *reason; /* one or two lower-case words: "policy", "guard", "tunnel away" */
	uint64_t count;
};

struct api_refusal {
	int64_t at_ms; /* wall clock */
	const char *client;
	const char *host; /* NULL with "log hosts no" */
	uint16_t port;
	const char *reason;
	const char *rule; /* "egress.conf:17", or NULL */
};

struct api_resolver_counts {
	uint64_t lookups, cache_hits, failures, timeouts;
};

struct api_status {
	int64_t started_at_ms, config_loaded_at_ms; /* wall clock */
	const char *config_path;
	const char *last_reload_error; /* NULL: the last one worked */
	int64_t last_reload_error_at_ms;
	const struct warden_report *rules; /* as the warden says they stand; never NULL */
	const char *seccomp;               /* "on", "off (--no-seccomp)" */
	unsigned uid;                      /* of the proxy */
	unsigned workers;
	const struct api_egress *egresses; /* in the order of the file */
	size_t egress_count;
	uint64_t sessions_active, requests_held;
	uint64_t bytes_sent, bytes_received; /* to and from origins */
	uint64_t log_lines_lost;
	const struct api_session_count *sessions;
	size_t session_count;
	const struct api_request_count *requests;
	size_t request_count;
	const struct api_refusal_count *refusals;
	size_t refusal_count;
	struct api_resolver_counts resolver;
	struct api_refusal last_refusals[API_REFUSALS_MAX]; /* the newest first */
	size_t last_refusal_count;
};

#endif
