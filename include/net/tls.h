/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS contexts (OpenSSL 3): TLS 1.2 and newer, no renegotiation, no compression. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/compiler.h"
#include "base/host.h"
#include "base/span.h"
#include "net/stream.h"

struct ssl_ctx_st;

/*
 * A context that serves with this certificate chain and key (the text of PEM files). ALPN offers
 * http/1.1 only. NULL: *problem is a sentence for the operator (static or thread-local, valid until
 * the next call).
 */
MUST_CHECK struct ssl_ctx_st *tls_server_new(struct span certificate, struct span key,
					     const char **problem);

/* A context that checks servers against the system's certificates. NULL + errno. */
MUST_CHECK struct ssl_ctx_st *tls_client_new(void);

void tls_free(struct ssl_ctx_st *context);

/* Puts TLS on a bare stream; the handshake runs inside the first reads and writes. -1 + errno. */
MUST_CHECK int tls_accept(struct ssl_ctx_st *context, struct stream *stream);

/* The same as a client; SNI and certificate check for host (an address is checked as an address).
 * -1 + errno. */
MUST_CHECK int tls_connect(struct ssl_ctx_st *context, struct stream *stream,
			   const struct host *host);

#endif
