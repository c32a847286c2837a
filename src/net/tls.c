/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS contexts and putting TLS on streams. */
#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* One protocol, as ALPN writes it on the wire (RFC 7301 3.1). */
static const unsigned char tls_alpn[] = "\x08http/1.1";
enum { TLS_ALPN_LEN = sizeof(tls_alpn) - 1 };

/* What OpenSSL says first is closest to the cause; the queue must not leak into the next call. */
static const char *tls_problem(const char *what)
{
	static _Thread_local char problem[256];
	unsigned long code = ERR_peek_error();
	const char *why = NULL;

	if (ERR_SYSTEM_ERROR(code))
		why = strerror(ERR_GET_REASON(code));
	else if (code != 0)
		why = ERR_reason_error_string(code);
	snprintf(problem, sizeof(problem), "%s: %s", what, why == NULL ? "unknown reason" : why);
	ERR_clear_error();
	return problem;
}

/* Without it OpenSSL asks on the terminal, which a daemon waits for without end. */
static int tls_on_passphrase(char *buffer, int size, int for_writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)for_writing;
	(void)arg;
	return -1;
}

/* RFC 7301 3.2: a client that offers ALPN, but nothing we speak, is told so. */
static int tls_on_alpn(SSL *tls, const unsigned char **out, unsigned char *out_len,
		       const unsigned char *offered, unsigned offered_len, void *arg)
{
	unsigned char *chosen;

	(void)tls;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, tls_alpn, TLS_ALPN_LEN, offered, offered_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *tls_context_new(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	if (context == NULL)
		return NULL;
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* A relay offers other bytes when it tries again, and an idle session shall hold no buffer.
	 */
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(context, tls_on_passphrase);
	return context;
}

/* The certificate, and behind it those that lead from it to one that clients know. */
static int tls_use_chain(SSL_CTX *context, BIO *pem)
{
	X509 *certificate = PEM_read_bio_X509_AUX(pem, NULL, tls_on_passphrase, NULL);
	int used = certificate == NULL ? 0 : SSL_CTX_use_certificate(context, certificate);

	X509_free(certificate);
	while (used == 1) {
		certificate = PEM_read_bio_X509(pem, NULL, tls_on_passphrase, NULL);
		if (certificate == NULL)
			break;
		used = SSL_CTX_add0_chain_cert(context, certificate) == 1;
		if (used != 1)
			X509_free(certificate);
	}
	/* The end of the text is the one error that is none. */
	if (used == 1 && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return 0;
	if (used == 1)
		ERR_clear_error();
	return used;
}

static int tls_use_key(SSL_CTX *context, BIO *pem)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, tls_on_passphrase, NULL);
	int used = key == NULL ? 0 : SSL_CTX_use_PrivateKey(context, key);

	EVP_PKEY_free(key);
	return used;
}

static int tls_use_text(SSL_CTX *context, struct span text, int (*use)(SSL_CTX *context, BIO *pem))
{
	BIO *pem = text.len > INT_MAX ? NULL : BIO_new_mem_buf(text.bytes, (int)text.len);
	int used = pem == NULL ? 0 : use(context, pem);

	BIO_free(pem);
	return used;
}

struct ssl_ctx_st *tls_server_new(struct span certificate, struct span key, const char **problem)
{
	SSL_CTX *context;

	ERR_clear_error();
	context = tls_context_new(TLS_server_method());
	if (context == NULL) {
		*problem = tls_problem("TLS cannot be set up");
		return NULL;
	}
	if (tls_use_text(context, certificate, tls_use_chain) != 1) {
		*problem = tls_problem("the certificate file cannot be used");
		goto fail;
	}
	if (tls_use_text(context, key, tls_use_key) != 1) {
		*problem = tls_problem("the key file cannot be used");
		goto fail;
	}
	if (SSL_CTX_check_private_key(context) != 1) {
		*problem = tls_problem("the key does not belong to the certificate");
		goto fail;
	}
	/* Tickets would be the first bytes we send, and nobody resumes: sessions are long. */
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_alpn_select_cb(context, tls_on_alpn, NULL);
	return context;
fail:
	SSL_CTX_free(context);
	return NULL;
}

struct ssl_ctx_st *tls_client_new(void)
{
	SSL_CTX *context;

	ERR_clear_error();
	context = tls_context_new(TLS_client_method());
	if (context == NULL)
		goto fail;
	if (SSL_CTX_set_default_verify_paths(context) != 1)
		goto fail;
	/* This one function answers 0 for success. */
	if (SSL_CTX_set_alpn_protos(context, tls_alpn, TLS_ALPN_LEN) != 0)
		goto fail;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
fail:
	SSL_CTX_free(context);
	ERR_clear_error();
	errno = ENOMEM;
	return NULL;
}

void tls_free(struct ssl_ctx_st *context)
{
	SSL_CTX_free(context);
}

static SSL *tls_new(struct ssl_ctx_st *context, const struct stream *stream)
{
	SSL *tls;

	ERR_clear_error();
	tls = SSL_new(context);
	if (tls != NULL && SSL_set_fd(tls, stream->fd) != 1) {
		SSL_free(tls);
		tls = NULL;
	}
	if (tls == NULL) {
		ERR_clear_error();
		errno = ENOMEM;
	}
	return tls;
}

int tls_accept(struct ssl_ctx_st *context, struct stream *stream)
{
	SSL *tls = tls_new(context, stream);

	if (tls == NULL)
		return -1;
	SSL_set_accept_state(tls);
	stream_set_tls(stream, tls);
	return 0;
}

/* RFC 6066 3 allows names only in SNI; RFC 9110 4.3.5 checks an address against iPAddress. */
static int tls_expect_host(SSL *tls, const struct host *host)
{
	if (host->is_literal)
		return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(tls), host->address.bytes,
						 address_len(&host->address));
	SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_set_tlsext_host_name(tls, host->name) != 1)
		return 0;
	return SSL_set1_host(tls, host->name);
}

int tls_connect(struct ssl_ctx_st *context, struct stream *stream, const struct host *host)
{
	SSL *tls = tls_new(context, stream);

	if (tls == NULL)
		return -1;
	if (tls_expect_host(tls, host) != 1) {
		SSL_free(tls);
		ERR_clear_error();
		errno = EINVAL;
		return -1;
	}
	SSL_set_connect_state(tls);
	stream_set_tls(stream, tls);
	return 0;
}
