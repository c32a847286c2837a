/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drives the handshake with an upstream proxy: send what is to be sent, take a step, wait. */
#include "dial_upstream.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls.h"

enum step handshake_fail(struct handshake *handshake, enum dial_result result, const char *format,
			 ...)
{
	va_list arguments;

	handshake->result = result;
	va_start(arguments, format);
	vsnprintf(handshake->detail, sizeof(handshake->detail), format, arguments);
	va_end(arguments);
	return STEP_FAILED;
}

/* The stream broke; under TLS the certificate is the likeliest cause, and the one to be told. */
static enum step handshake_broken(struct handshake *handshake, int error)
{
	long verified = X509_V_OK;

	if (handshake->stream.tls != NULL)
		verified = SSL_get_verify_result(handshake->stream.tls);
	if (verified != X509_V_OK)
		return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
				      "the upstream proxy's certificate: %s",
				      X509_verify_cert_error_string(verified));
	if (error == EPROTO)
		return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
				      "TLS to the upstream proxy failed");
	return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
			      "the upstream proxy broke the connection off");
}

enum step handshake_read(struct handshake *handshake, size_t want)
{
	while (handshake->in_len < want) {
		ssize_t got = stream_read(&handshake->stream, handshake->in + handshake->in_len,
					  want - handshake->in_len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return STEP_WAIT;
		if (got < 0)
			return handshake_broken(handshake, errno);
		if (got == 0)
			return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
					      "the upstream proxy closed the connection");
		handshake->in_len += (size_t)got;
	}
	return STEP_OK;
}

static enum step handshake_flush(struct handshake *handshake)
{
	while (handshake->out_sent < handshake->out_len) {
		ssize_t sent =
			stream_write(&handshake->stream, handshake->out + handshake->out_sent,
				     handshake->out_len - handshake->out_sent);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return STEP_WAIT;
		if (sent < 0)
			return handshake_broken(handshake, errno);
		handshake->out_sent += (size_t)sent;
	}
	return STEP_OK;
}

static enum step handshake_advance(struct handshake *handshake)
{
	enum step step;

	do {
		step = handshake_flush(handshake);
		if (step == STEP_OK)
			step = handshake->step(handshake);
	} while (step == STEP_NEXT);
	return step;
}

static void handshake_on_ready(void *arg)
{
	struct handshake *handshake = arg;
	enum step step = handshake_advance(handshake);
	struct stream stream;

	if (step == STEP_WAIT)
		return;
	if (step == STEP_FAILED) {
		stream_close(&handshake->stream);
		handshake->done(handshake->arg, handshake->result, stream_none(),
				handshake->detail);
		return;
	}
	stream = handshake->stream;
	handshake->stream = stream_none();
	stream_on_ready(&stream, NULL, NULL);
	handshake->done(handshake->arg, DIAL_OK, stream, "");
}

struct handshake *handshake_new(struct stream stream, const struct upstream *upstream,
				const struct host *host, uint16_t port, handshake_done_fn *done,
				void *arg)
{
	struct handshake *handshake = calloc(1, sizeof(*handshake));

	if (handshake == NULL) {
		stream_close(&stream);
		return NULL;
	}
	handshake->stream = stream;
	handshake->upstream = upstream;
	handshake->host = host;
	handshake->port = port;
	handshake->done = done;
	handshake->arg = arg;
	if (upstream->tls != NULL &&
	    tls_connect(upstream->tls, &handshake->stream, &upstream->url.host) < 0)
		goto fail;
	if (upstream->url.kind == PROXY_SOCKS5)
		handshake_start_socks(handshake);
	else
		handshake_start_http(handshake);
	stream_on_ready(&handshake->stream, handshake_on_ready, handshake);
	stream_wake(&handshake->stream);
	return handshake;
fail:
	handshake_free(handshake);
	errno = ENOMEM;
	return NULL;
}

void handshake_free(struct handshake *handshake)
{
	if (handshake == NULL)
		return;
	stream_close(&handshake->stream);
	/* out held the login. */
	explicit_bzero(handshake->out, sizeof(handshake->out));
	free(handshake);
}
