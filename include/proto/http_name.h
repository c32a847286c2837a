/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a header field is to a proxy: its name is looked at once, when the head is parsed. Pure. */
#ifndef PROTO_HTTP_NAME_H
#define PROTO_HTTP_NAME_H

#include "base/span.h"

enum http_name {
	HTTP_NAME_OTHER,
	HTTP_NAME_AUTHORIZATION,
	HTTP_NAME_CONNECTION,
	HTTP_NAME_CONTENT_LENGTH,
	HTTP_NAME_EXPECT,
	HTTP_NAME_HOST,
	HTTP_NAME_MAX_FORWARDS,
	HTTP_NAME_OF_CLIENT, /* tells of the client: Forwarded, X-Forwarded-*, and their like */
	HTTP_NAME_OF_HOP,    /* Keep-Alive, HTTP2-Settings, and what begins with "Proxy-" */
	HTTP_NAME_PROXY_AUTHORIZATION,
	HTTP_NAME_PROXY_CONNECTION,
	HTTP_NAME_PROXY_STATUS,
	HTTP_NAME_TE,
	HTTP_NAME_TRAILER,
	HTTP_NAME_TRANSFER_ENCODING,
	HTTP_NAME_UPGRADE,
	HTTP_NAME_VIA,
	HTTP_NAME_WWW_AUTHENTICATE,
};

/* Whatever the case of its letters. */
enum http_name http_name_of(struct span name);

#endif
