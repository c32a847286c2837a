/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SOCKS5 as a client (RFC 1928, RFC 1929). Reads exactly the bytes of each reply: what follows the
 * last one is the target's. */
#include <string.h>

#include "dial_upstream.h"
#include "proto/socks.h"

enum {
	SOCKS_METHOD_NONE = 0,
	SOCKS_METHOD_PASSWORD = 2,
	SOCKS_METHOD_NO_ACCEPTABLE = 0xff,
	SOCKS_ADDRESS_V4 = 1,
	SOCKS_ADDRESS_NAME = 3,
	SOCKS_ADDRESS_V6 = 4,
	SOCKS_REPLY_LEAST = 5, /* as far as the length of a name */
};

static enum step socks_garbage(struct handshake *handshake)
{
	return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
			      "the upstream proxy does not speak SOCKS5");
}

static enum step socks_refused(struct handshake *handshake, uint8_t reply)
{
	static const struct {
		enum dial_result result;
		const char *detail;
	} replies[] = {
		[SOCKS5_GENERAL_FAILURE] = {DIAL_UPSTREAM_FAILED, "general failure"},
		[SOCKS5_NOT_ALLOWED] = {DIAL_UPSTREAM_DENIED, "not allowed by its rules"},
		[SOCKS5_NETWORK_UNREACHABLE] = {DIAL_UNREACHABLE, "network unreachable"},
		[SOCKS5_HOST_UNREACHABLE] = {DIAL_UNREACHABLE, "host unreachable"},
		[SOCKS5_CONNECTION_REFUSED] = {DIAL_REFUSED, "connection refused"},
		[SOCKS5_TTL_EXPIRED] = {DIAL_TIMEOUT, "timed out"},
		[SOCKS5_COMMAND_NOT_SUPPORTED] = {DIAL_UPSTREAM_FAILED, "CONNECT not supported"},
		[SOCKS5_ADDRESS_TYPE_NOT_SUPPORTED] = {DIAL_UNREACHABLE,
						       "address type not supported"},
	};

	if (reply >= ARRAY_LEN(replies))
		return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
				      "the upstream proxy answered with code %u", (unsigned)reply);
	return handshake_fail(handshake, replies[reply].result, "the upstream proxy answered: %s",
			      replies[reply].detail);
}

static size_t socks_reply_len(const uint8_t *in)
{
	switch (in[3]) {
	case SOCKS_ADDRESS_V4:
		return 4 + 4 + 2;
	case SOCKS_ADDRESS_V6:
		return 4 + 16 + 2;
	case SOCKS_ADDRESS_NAME:
		return 4 + 1 + (size_t)in[4] + 2;
	default:
		return 0;
	}
}

/* A refusal is taken at its second byte: some proxies send no more of it. */
static enum step socks_on_reply(struct handshake *handshake)
{
	enum step step = handshake_read(handshake, 2);
	size_t len;

	if (step != STEP_OK)
		return step;
	if (handshake->in[0] != 5)
		return socks_garbage(handshake);
	if (handshake->in[1] != SOCKS5_SUCCEEDED)
		return socks_refused(handshake, handshake->in[1]);
	step = handshake_read(handshake, SOCKS_REPLY_LEAST);
	if (step != STEP_OK)
		return step;
	len = socks_reply_len(handshake->in);
	if (handshake->in[2] != 0 || len == 0)
		return socks_garbage(handshake);
	return handshake_read(handshake, len);
}

static enum step socks_ask(struct handshake *handshake)
{
	handshake->out_sent = 0;
	handshake->out_len = socks5_write_connect(handshake->out, handshake->host, handshake->port);
	handshake->in_len = 0;
	handshake->step = socks_on_reply;
	return STEP_NEXT;
}

static enum step socks_on_login(struct handshake *handshake)
{
	enum step step = handshake_read(handshake, 2);

	if (step != STEP_OK)
		return step;
	/* RFC 1929 2 says version 1; some servers send the 5 of SOCKS. The status decides. */
	if (handshake->in[1] != 0)
		return handshake_fail(handshake, DIAL_UPSTREAM_LOGIN,
				      "the upstream proxy refused the login");
	return socks_ask(handshake);
}

static enum step socks_login(struct handshake *handshake)
{
	const struct proxy_url *url = &handshake->upstream->url;

	handshake->out_sent = 0;
	handshake->out_len =
		socks5_write_login(handshake->out, span_of(url->user), span_of(url->password));
	handshake->in_len = 0;
	handshake->step = socks_on_login;
	return STEP_NEXT;
}

static enum step socks_on_method(struct handshake *handshake)
{
	bool has_login = handshake->upstream->url.user[0] != '\0';
	enum step step = handshake_read(handshake, 2);

	if (step != STEP_OK)
		return step;
	if (handshake->in[0] != 5)
		return socks_garbage(handshake);
	if (handshake->in[1] == SOCKS_METHOD_NONE)
		return socks_ask(handshake);
	if (handshake->in[1] == SOCKS_METHOD_PASSWORD && has_login)
		return socks_login(handshake);
	if (handshake->in[1] == SOCKS_METHOD_NO_ACCEPTABLE)
		return handshake_fail(handshake, DIAL_UPSTREAM_LOGIN,
				      has_login ? "the upstream proxy accepts no login of ours"
						: "the upstream proxy wants a login");
	return socks_garbage(handshake);
}

void handshake_start_socks(struct handshake *handshake)
{
	bool has_login = handshake->upstream->url.user[0] != '\0';

	handshake->out_len = socks5_write_greeting(handshake->out, has_login);
	handshake->step = socks_on_method;
}
