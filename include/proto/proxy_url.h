/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The URL of another proxy, as the policy file gives it: "socks5://user:password@host:port". Pure.
 */
#ifndef PROTO_PROXY_URL_H
#define PROTO_PROXY_URL_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/host.h"

enum proxy_kind {
	PROXY_HTTP,   /* CONNECT over TCP */
	PROXY_HTTPS,  /* CONNECT over TLS; the certificate is checked against the host */
	PROXY_SOCKS5, /* RFC 1928; names are passed on unresolved */
};

struct proxy_url {
	enum proxy_kind kind;
	struct host host;
	uint16_t port;
	char user[256]; /* percent-decoded, NUL-terminated, "" for none; 255 bytes as RFC 1929
			   limits it */
	char password[256];
};

/*
 * "http|https|socks5|socks5h://[USER[:PASSWORD]@]HOST[:PORT]", no path but "/"; socks5h means
 * socks5. Default ports 3128, 443, 1080. -1: it is not one; *problem says what is wrong in a few
 * words (static).
 */
MUST_CHECK int proxy_url_parse(const char *url, size_t len, struct proxy_url *parsed,
			       const char **problem);

#endif
