/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a request was not served, in every protocol's words. */
#ifndef EGRESSD_REFUSAL_H
#define EGRESSD_REFUSAL_H

#include <stdint.h>

#include "net/dial.h"
#include "proto/socks.h"

enum refusal {
	REFUSAL_NONE,
	REFUSAL_POLICY,        /* a rule, or none, said so */
	REFUSAL_LOGIN_NEEDED,  /* no credentials */
	REFUSAL_LOGIN_WRONG,   /* wrong credentials */
	REFUSAL_LOGIN_LIMITED, /* too many wrong ones from this address, or too many checks at once
				*/
	REFUSAL_BAD_REQUEST,   /* not well-formed, or readable in two ways */
	REFUSAL_NOT_SUPPORTED, /* BIND, UDP through an upstream */
	REFUSAL_SELF,          /* asked us for a page as if we were an origin */
	REFUSAL_LOOP,          /* our own Via */
	REFUSAL_SESSION_LIMIT, /* the client's limit of sessions */
	REFUSAL_TUNNEL_DOWN,   /* held, and the tunnel did not come back */
	REFUSAL_HOLD_FULL,     /* the tunnel is away and too many wait already */
	REFUSAL_LOCAL_NAME,    /* a name that no public resolver may see */
	REFUSAL_FORBIDDEN_ADDRESS, /* the address guard */
	REFUSAL_NAME_NOT_FOUND,
	REFUSAL_NAME_FAILED,
	REFUSAL_NAME_TIMEOUT,
	REFUSAL_CONNECTION_REFUSED,
	REFUSAL_UNREACHABLE,
	REFUSAL_CONNECT_TIMEOUT,
	REFUSAL_UPSTREAM,        /* the proxy of the egress failed or said no */
	REFUSAL_ORIGIN_PROTOCOL, /* the origin broke HTTP */
	REFUSAL_ORIGIN_CLOSED,   /* the origin closed before it answered */
	REFUSAL_ORIGIN_TIMEOUT,  /* the origin did not answer in time */
	REFUSAL_SHUTTING_DOWN,
	REFUSAL_NO_RESOURCES,
	REFUSAL_COUNT,
};

struct refusal_words {
	const char *name;         /* "policy", "tunnel_down": for logs and metrics */
	uint16_t status;          /* HTTP */
	const char *error;        /* Proxy-Status error type, RFC 9209 2.3 */
	enum socks5_reply socks5; /* RFC 1928 6 */
	const char *sentence;     /* one plain sentence for a person */
};

const struct refusal_words *refusal_words(enum refusal refusal);

/* What a failed dial means to who asked. */
enum refusal refusal_of_dial(enum dial_result result);

/* "403 Forbidden": the status line's words for a status we send. */
const char *refusal_status_phrase(unsigned status);

#endif
