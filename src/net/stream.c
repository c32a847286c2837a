/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and writing, with TLS or without. */
#include "net/stream.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

enum {
	STREAM_HEARD_EVERY_MS = 250,
};

struct stream stream_from_fd(int fd)
{
	int one = 1;

	/* A proxy must not wait for more bytes that may never come. Fails on a Unix socket, where
	 * it means nothing. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return (struct stream){.fd = fd};
}

struct stream stream_none(void)
{
	return (struct stream){.fd = -1};
}

void stream_set_tls(struct stream *stream, struct ssl_st *tls)
{
	stream->tls = tls;
}

bool stream_is_bare(const struct stream *stream)
{
	return stream->tls == NULL;
}

/* What OpenSSL says, as errno; returns what stream_read and stream_write return. */
static ssize_t stream_tls_outcome(struct stream *stream, int outcome)
{
	int saved = errno;

	switch (SSL_get_error(stream->tls, outcome)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		errno = saved != 0 ? saved : ECONNRESET;
		return -1;
	default:
		errno = EPROTO;
		return -1;
	}
}

void stream_note_heard(const struct stream *stream, int64_t now_ms, int64_t *seen_at_ms)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (now_ms - *seen_at_ms < STREAM_HEARD_EVERY_MS ||
	    getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return;
	if (now_ms - info.tcpi_last_data_recv > *seen_at_ms)
		*seen_at_ms = now_ms - info.tcpi_last_data_recv;
}

static int stream_clamp(size_t len)
{
	return len > INT_MAX ? INT_MAX : (int)len;
}

ssize_t stream_read(struct stream *stream, void *bytes, size_t len)
{
	int got;

	if (stream->tls == NULL)
		return recv(stream->fd, bytes, len, 0);
	ERR_clear_error();
	errno = 0;
	got = SSL_read(stream->tls, bytes, stream_clamp(len));
	return got > 0 ? got : stream_tls_outcome(stream, got);
}

static ssize_t stream_write_record(struct stream *stream, const void *bytes, size_t len)
{
	ssize_t outcome;
	int sent;

	ERR_clear_error();
	errno = 0;
	sent = SSL_write(stream->tls, bytes, stream_clamp(len));
	if (sent > 0)
		return sent;
	outcome = stream_tls_outcome(stream, sent);
	if (outcome == 0) {
		errno = EPIPE;
		outcome = -1;
	}
	return outcome;
}

/* With partial writes OpenSSL stops after every record, though there is room for more: who takes
 * that for a full socket waits for an edge that never comes. */
ssize_t stream_write(struct stream *stream, const void *bytes, size_t len)
{
	size_t total = 0;

	if (stream->tls == NULL)
		return send(stream->fd, bytes, len, MSG_NOSIGNAL);
	while (total < len) {
		ssize_t sent =
			stream_write_record(stream, (const char *)bytes + total, len - total);

		if (sent < 0)
			return total > 0 ? (ssize_t)total : sent;
		total += (size_t)sent;
	}
	return (ssize_t)total;
}

void stream_shutdown(struct stream *stream)
{
	if (stream->shut || stream->fd < 0)
		return;
	stream->shut = true;
	if (stream->tls != NULL && SSL_is_init_finished(stream->tls)) {
		ERR_clear_error();
		(void)SSL_shutdown(stream->tls);
	}
	(void)shutdown(stream->fd, SHUT_WR);
}

void stream_close(struct stream *stream)
{
	if (stream->tls != NULL) {
		stream_shutdown(stream);
		SSL_free(stream->tls);
	}
	fd_close(stream->fd);
	*stream = stream_none();
}

void stream_reset(struct stream *stream)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (stream->fd >= 0)
		(void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	SSL_free(stream->tls);
	fd_close(stream->fd);
	*stream = stream_none();
}
