/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another proxy that an egress goes through. Immutable; shared by the workers. */
#ifndef NET_UPSTREAM_H
#define NET_UPSTREAM_H

#include "base/compiler.h"
#include "proto/proxy_url.h"

struct ssl_ctx_st;

struct upstream {
	struct proxy_url url;
	struct ssl_ctx_st *tls; /* for PROXY_HTTPS, else NULL */
};

/* Makes the TLS context where one is needed; certificates from the system's store (SSL_CERT_FILE).
 * NULL + errno. */
MUST_CHECK struct upstream *upstream_new(const struct proxy_url *url);
void upstream_free(struct upstream *upstream);

#endif
