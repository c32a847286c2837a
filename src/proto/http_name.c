/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The known names by their first letter: most fields have none of them, and are soon told apart. */
#include "proto/http_name.h"

#include <strings.h>

enum {
	HTTP_LETTERS = 32, /* what is left of a letter without its case */
	HTTP_KNOWN_MAX = 4,
};

struct http_known {
	const char *text; /* NULL: there are no more */
	size_t len;
	bool begins; /* every longer name that begins so */
	enum http_name name;
};

#define KNOWN(text, name)                                                                          \
	{                                                                                          \
		text, sizeof(text) - 1, false, name                                                \
	}
#define KNOWN_BEGIN(text, name)                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1, true, name                                                 \
	}

static const struct http_known http_known[HTTP_LETTERS][HTTP_KNOWN_MAX + 1] = {
	['A' % HTTP_LETTERS] = {KNOWN("Authorization", HTTP_NAME_AUTHORIZATION)},
	['C' % HTTP_LETTERS] = {KNOWN("Connection", HTTP_NAME_CONNECTION),
				KNOWN("Content-Length", HTTP_NAME_CONTENT_LENGTH),
				KNOWN("Client-IP", HTTP_NAME_OF_CLIENT)},
	['E' % HTTP_LETTERS] = {KNOWN("Expect", HTTP_NAME_EXPECT)},
	['F' % HTTP_LETTERS] = {KNOWN("Forwarded", HTTP_NAME_OF_CLIENT)},
	['H' % HTTP_LETTERS] = {KNOWN("Host", HTTP_NAME_HOST),
				KNOWN("HTTP2-Settings", HTTP_NAME_OF_HOP)},
	['K' % HTTP_LETTERS] = {KNOWN("Keep-Alive", HTTP_NAME_OF_HOP)},
	['M' % HTTP_LETTERS] = {KNOWN("Max-Forwards", HTTP_NAME_MAX_FORWARDS)},
	/* Proxy-Status (RFC 9209) is the one of its family that is meant to travel. */
	['P' % HTTP_LETTERS] = {KNOWN("Proxy-Status", HTTP_NAME_PROXY_STATUS),
				KNOWN("Proxy-Connection", HTTP_NAME_PROXY_CONNECTION),
				KNOWN("Proxy-Authorization", HTTP_NAME_PROXY_AUTHORIZATION),
				KNOWN_BEGIN("Proxy-", HTTP_NAME_OF_HOP)},
	['T' % HTTP_LETTERS] = {KNOWN("TE", HTTP_NAME_TE), KNOWN("Trailer", HTTP_NAME_TRAILER),
				KNOWN("Transfer-Encoding", HTTP_NAME_TRANSFER_ENCODING),
				KNOWN("True-Client-IP", HTTP_NAME_OF_CLIENT)},
	['U' % HTTP_LETTERS] = {KNOWN("Upgrade", HTTP_NAME_UPGRADE)},
	['V' % HTTP_LETTERS] = {KNOWN("Via", HTTP_NAME_VIA)},
	['W' % HTTP_LETTERS] = {KNOWN("WWW-Authenticate", HTTP_NAME_WWW_AUTHENTICATE)},
	['X' % HTTP_LETTERS] = {KNOWN_BEGIN("X-Forwarded-", HTTP_NAME_OF_CLIENT),
				KNOWN("X-Real-IP", HTTP_NAME_OF_CLIENT),
				KNOWN("X-Client-IP", HTTP_NAME_OF_CLIENT),
				KNOWN("X-Cluster-Client-IP", HTTP_NAME_OF_CLIENT)},
};

static bool http_is_known(struct span name, const struct http_known *known)
{
	if (known->begins ? name.len < known->len : name.len != known->len)
		return false;
	/* The programs never call setlocale(), so this is ASCII. */
	return strncasecmp(name.bytes, known->text, known->len) == 0;
}

enum http_name http_name_of(struct span name)
{
	const struct http_known *known;

	if (name.len == 0)
		return HTTP_NAME_OTHER;
	known = http_known[(unsigned char)name.bytes[0] % HTTP_LETTERS];
	while (known->text != NULL && !http_is_known(name, known))
		known++;
	return known->name; /* after the last it is HTTP_NAME_OTHER */
}
