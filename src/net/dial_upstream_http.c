/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP CONNECT as a client (RFC 9110 9.3.6). Takes exactly the bytes of the reply's head from the
 * stream: what follows is the target's. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "dial_upstream.h"
#include "proto/http_head.h"

enum {
	HTTP_INTERIM_MAX = 4, /* 1xx answers before the real one */
};

/* RFC 9209 2.3: the word after "error=", as another egressd says what went wrong. */
static struct span http_proxy_error(const struct http_head *head)
{
	const struct http_field *field = http_find_field(head, HTTP_NAME_PROXY_STATUS);
	struct span error = {NULL, 0};
	const char *at;
	size_t rest;

	if (field == NULL)
		return error;
	at = memmem(field->value.bytes, field->value.len, "error=", 6);
	if (at == NULL)
		return error;
	error.bytes = at + 6;
	rest = field->value.len - (size_t)(error.bytes - field->value.bytes);
	while (error.len < rest &&
	       (error.bytes[error.len] == '_' ||
		(error.bytes[error.len] >= 'a' && error.bytes[error.len] <= 'z')))
		error.len++;
	return error;
}

static bool http_result_of_error(struct span error, enum dial_result *result)
{
	static const struct {
		const char *error;
		enum dial_result result;
	} errors[] = {
		{"dns_timeout", DIAL_NAME_TIMEOUT},
		{"dns_error", DIAL_NAME_FAILED},
		{"destination_not_found", DIAL_NAME_NOT_FOUND},
		{"destination_unavailable", DIAL_UNREACHABLE},
		{"destination_ip_unroutable", DIAL_UNREACHABLE},
		{"destination_ip_prohibited", DIAL_FORBIDDEN_ADDRESS},
		{"connection_refused", DIAL_REFUSED},
		{"connection_timeout", DIAL_TIMEOUT},
		{"http_request_denied", DIAL_UPSTREAM_DENIED},
	};

	for (size_t i = 0; error.len > 0 && i < ARRAY_LEN(errors); i++) {
		if (span_equals(error, errors[i].error)) {
			*result = errors[i].result;
			return true;
		}
	}
	return false;
}

static enum dial_result http_result_of_status(unsigned status)
{
	switch (status) {
	case 401:
	case 407:
		return DIAL_UPSTREAM_LOGIN;
	case 403:
	case 451:
		return DIAL_UPSTREAM_DENIED;
	case 502:
		return DIAL_UNREACHABLE;
	case 504:
		return DIAL_TIMEOUT;
	default:
		return DIAL_UPSTREAM_FAILED;
	}
}

static enum step http_refused(struct handshake *handshake, const struct http_response *response)
{
	struct span error = http_proxy_error(&response->head);
	enum dial_result result;

	if (http_result_of_error(error, &result))
		return handshake_fail(handshake, result, "the upstream proxy answered %u: %.*s",
				      (unsigned)response->status, (int)error.len, error.bytes);
	return handshake_fail(handshake, http_result_of_status(response->status),
			      "the upstream proxy answered %u", (unsigned)response->status);
}

/*
 * How many more bytes may be taken and still belong to the head: a bare socket is peeked at, under
 * TLS it is one at a time. 0: nothing there now.
 */
static size_t http_takeable(struct handshake *handshake)
{
	char *at = (char *)handshake->in + handshake->in_len;
	size_t scanned = handshake->in_scanned;
	size_t head_len;
	ssize_t seen;

	if (!stream_is_bare(&handshake->stream))
		return 1;
	seen = recv(handshake->stream.fd, at, HANDSHAKE_IN_MAX - handshake->in_len, MSG_PEEK);
	/* The end and errors are for the read that follows to find. */
	if (seen <= 0)
		return 1;
	if (http_head_find_end((char *)handshake->in, handshake->in_len + (size_t)seen, &scanned,
			       &head_len) == PARSE_DONE)
		return head_len - handshake->in_len;
	return (size_t)seen;
}

static enum step http_read_head(struct handshake *handshake, size_t *head_len)
{
	for (;;) {
		enum step step;

		switch (http_head_find_end((char *)handshake->in, handshake->in_len,
					   &handshake->in_scanned, head_len)) {
		case PARSE_DONE:
			return STEP_OK;
		case PARSE_BAD:
			return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
					      "the upstream proxy does not speak HTTP");
		case PARSE_MORE:
			break;
		}
		if (handshake->in_len == HANDSHAKE_IN_MAX)
			return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
					      "the upstream proxy's answer is too long");
		step = handshake_read(handshake, handshake->in_len + http_takeable(handshake));
		if (step != STEP_OK)
			return step;
	}
}

static enum step http_on_head(struct handshake *handshake)
{
	struct http_response response;
	const char *problem;
	size_t head_len;
	enum step step = http_read_head(handshake, &head_len);

	if (step != STEP_OK)
		return step;
	/* As to a HEAD: RFC 9110 9.3.6 has us ignore whatever a success says of a body. */
	if (!http_parse_response((char *)handshake->in, head_len, true, &response, &problem))
		return handshake_fail(handshake, DIAL_UPSTREAM_FAILED,
				      "the upstream proxy's answer is no proper HTTP");
	handshake->in_len = 0;
	handshake->in_scanned = 0;
	/* Interim answers are read over (RFC 9110 15.2); a switch of protocols was not asked for.
	 */
	if (response.status < 200 && response.status != 101 &&
	    handshake->interim++ < HTTP_INTERIM_MAX)
		return STEP_NEXT;
	if (response.status >= 200 && response.status < 300)
		return STEP_OK;
	return http_refused(handshake, &response);
}

static void http_add_login(struct text *text, const struct proxy_url *url)
{
	unsigned char plain[sizeof(url->user) + sizeof(url->password)];
	unsigned char encoded[(sizeof(plain) + 2) / 3 * 4 + 1];
	int len = snprintf((char *)plain, sizeof(plain), "%s:%s", url->user, url->password);

	EVP_EncodeBlock(encoded, plain, len);
	text_add(text, "Proxy-Authorization: Basic ");
	text_add(text, (char *)encoded);
	text_add(text, "\r\n");
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(encoded, sizeof(encoded));
}

void handshake_start_http(struct handshake *handshake)
{
	const struct proxy_url *url = &handshake->upstream->url;
	char target[HOST_TEXT_SIZE + 8];
	struct text text;

	host_format_endpoint(handshake->host, handshake->port, target);
	text_init(&text, (char *)handshake->out, sizeof(handshake->out));
	text_add_format(&text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target, target);
	if (url->user[0] != '\0')
		http_add_login(&text, url);
	text_add(&text, "\r\n");
	handshake->out_len = text.len;
	handshake->step = http_on_head;
}
