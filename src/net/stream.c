/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and writing, with TLS or without. */
#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "watch.h"

enum {
	STREAM_HEARD_EVERY_MS = 250,
};

struct stream stream_from_fd(int fd)
{
	return (struct stream){.fd = fd};
}

void stream_set_nodelay(int fd)
{
	int one = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

int stream_watch(struct stream *stream, struct poller *poller)
{
	stream->watch = watch_new(poller, stream->fd);
	return stream->watch == NULL ? -1 : 0;
}

void stream_on_ready(struct stream *stream, void (*on_ready)(void *arg), void *arg)
{
	stream->watch->on_ready = on_ready;
	stream->watch->arg = arg;
}

void stream_wake(struct stream *stream)
{
	watch_wake(stream->watch);
}

bool stream_is_queued(const struct stream *stream)
{
	return stream->watch->queued;
}

bool stream_is_broken(const struct stream *stream)
{
	return stream->watch->broken;
}

/* -1 is all that is left to return then: errno is EAGAIN. */
static bool stream_is_readable(const struct stream *stream)
{
	errno = EAGAIN;
	return stream->watch == NULL || stream->watch->readable;
}

static bool stream_is_writable(const struct stream *stream)
{
	errno = EAGAIN;
	return stream->watch == NULL || stream->watch->writable;
}

bool stream_may_read(const struct stream *stream)
{
	/* OpenSSL may hold bytes that the kernel knows nothing of. */
	return stream->tls != NULL || stream_is_readable(stream);
}

bool stream_is_quiet(const struct stream *stream)
{
	char byte;

	if (!stream_is_readable(stream))
		return true;
	return recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
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

/* epoll(7): a read that came back short has emptied the socket, and what comes later is a new edge;
 * only an end may lie there already, which the last edge told. */
static ssize_t stream_receive(struct stream *stream, void *bytes, size_t len)
{
	struct watch *watch = stream->watch;
	ssize_t got;

	if (!stream_is_readable(stream))
		return -1;
	got = recv(stream->fd, bytes, len, 0);
	if (watch != NULL && (got < 0 ? errno == EAGAIN : (size_t)got < len && !watch->ends))
		watch->readable = false;
	return got;
}

static ssize_t stream_send(struct stream *stream, const void *bytes, size_t len)
{
	ssize_t sent;

	if (!stream_is_writable(stream))
		return -1;
	sent = send(stream->fd, bytes, len, MSG_NOSIGNAL);
	if (stream->watch != NULL && (sent < 0 ? errno == EAGAIN : (size_t)sent < len))
		stream->watch->writable = false;
	return sent;
}

ssize_t stream_splice_in(struct stream *stream, int pipe_fd, size_t len)
{
	ssize_t got;

	if (!stream_is_readable(stream))
		return -1;
	got = splice(stream->fd, NULL, pipe_fd, NULL, len, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (stream->watch != NULL && got < 0 && errno == EAGAIN)
		stream->watch->readable = false;
	return got;
}

ssize_t stream_splice_out(struct stream *stream, int pipe_fd, size_t len)
{
	ssize_t sent;

	if (!stream_is_writable(stream))
		return -1;
	sent = splice(pipe_fd, NULL, stream->fd, NULL, len, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (stream->watch != NULL && sent < 0 && errno == EAGAIN)
		stream->watch->writable = false;
	return sent;
}

ssize_t stream_read(struct stream *stream, void *bytes, size_t len)
{
	int got;

	if (stream->tls == NULL)
		return stream_receive(stream, bytes, len);
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
		return stream_send(stream, bytes, len);
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
	watch_free(stream->watch);
	fd_close(stream->fd);
	*stream = stream_none();
}

void stream_reset(struct stream *stream)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (stream->fd >= 0)
		(void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	SSL_free(stream->tls);
	watch_free(stream->watch);
	fd_close(stream->fd);
	*stream = stream_none();
}
