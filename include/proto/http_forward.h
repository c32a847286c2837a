/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heads as a proxy passes them on: hop-by-hop fields gone (RFC 9110 7.6.1), nothing that tells of
 * the client. Pure. */
#ifndef PROTO_HTTP_FORWARD_H
#define PROTO_HTTP_FORWARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "proto/http_head.h"

struct http_forward_options {
	const char *via; /* the pseudonym for a Via field, or NULL for none */
};

/*
 * Writes the request in origin-form, always HTTP/1.1, Host rebuilt from the target, Connection:
 * keep-alive semantics left to the default, Upgrade kept with its own Connection: upgrade. Removed:
 * Connection and all it names, Proxy-*, Keep-Alive, TE (kept as "trailers" when asked for), Upgrade
 * otherwise, X-Forwarded-*, Forwarded, X-Real-IP and their like, Via (kept only when options->via
 * is set), Expect of HTTP/1.0. Only for requests that name their host (not CONNECT, not
 * origin-form). out->truncated tells when it did not fit.
 */
void http_write_request(const struct http_request *request,
			const struct http_forward_options *options, struct text *out);

/*
 * Writes the response for the client. framing: as it will be sent (a chunked body is sent
 * close-delimited to an HTTP/1.0 client). close: say "Connection: close"; else, for a 1.0 client,
 * "Connection: keep-alive". A 101 keeps its Upgrade.
 */
void http_write_response(const struct http_response *response, enum http_framing framing,
			 int client_minor_version, bool close,
			 const struct http_forward_options *options, struct text *out);

/* Is our own pseudonym already in Via: does the request go in a circle? */
bool http_via_contains(const struct http_request *request, const char *pseudonym);

/* Basic credentials (RFC 7617) from a Proxy-Authorization value. false: not Basic, bad base64, no
 * colon, a control character, or more than 255 bytes. Both are NUL-terminated too. */
bool http_parse_basic(struct span value, char user[256], size_t *user_len, char password[256],
		      size_t *password_len);

#endif
