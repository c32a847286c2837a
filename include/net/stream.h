/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One byte stream: a connected TCP socket, bare or under TLS. The rest of the program does not know
 * which. Non-blocking, owned by one worker's thread. Watched edge-triggered: after on_ready, read
 * and write until EAGAIN. What is known about the socket already is not asked of the kernel again.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"

struct poller;
struct ssl_st;
struct watch;

struct stream {
	int fd;              /* -1: none */
	struct ssl_st *tls;  /* NULL: bare TCP */
	struct watch *watch; /* NULL: nobody watches it */
	bool shut;           /* our direction has been ended */
};

/* A stream over a non-blocking socket, not watched; takes the descriptor. */
struct stream stream_from_fd(int fd);

/* Watches it from now until it is closed, for all who will have it. -1 + errno. */
MUST_CHECK int stream_watch(struct stream *stream, struct poller *poller);

/* Whom to call when a watched stream can be read or written, or has ended; it takes the place of
 * whoever was called before. */
void stream_on_ready(struct stream *stream, void (*on_ready)(void *arg), void *arg);

/* Calls on_ready from the loop, after the events of others. */
void stream_wake(struct stream *stream);
bool stream_is_queued(const struct stream *stream);

/* Is a watched stream known to be broken, behind whatever can still be read? */
bool stream_is_broken(const struct stream *stream);

/* Could stream_read find something of a watched stream? False: an edge will tell when it can. */
bool stream_may_read(const struct stream *stream);

/* Has nothing come that was not read: no bytes, no end? Asks the kernel when it is not known. */
bool stream_is_quiet(const struct stream *stream);

/* A proxy must not wait for more bytes that may never come. A listening socket hands it on to what
 * it accepts. */
void stream_set_nodelay(int fd);

/* An empty stream: fd -1. Closing it does nothing. */
struct stream stream_none(void);

/* Puts TLS on top; takes tls, which already has its BIO or descriptor set. */
void stream_set_tls(struct stream *stream, struct ssl_st *tls);

/* Spliceable: bytes on the socket are the bytes of the stream. */
bool stream_is_bare(const struct stream *stream);

/*
 * > 0 bytes; 0 the peer ended its direction in order (FIN, close_notify); -1 + errno: EAGAIN wait
 * for an edge of either kind, anything else the stream is broken (ECONNRESET for RST, EPROTO for
 * bad TLS or a cut TLS stream).
 */
MUST_CHECK ssize_t stream_read(struct stream *stream, void *bytes, size_t len);

/* > 0 bytes taken, maybe fewer; -1 + errno as above. len > 0. Never raises SIGPIPE. */
MUST_CHECK ssize_t stream_write(struct stream *stream, const void *bytes, size_t len);

/* As stream_read and stream_write, for bare streams, into and out of a pipe. */
MUST_CHECK ssize_t stream_splice_in(struct stream *stream, int pipe_fd, size_t len);
MUST_CHECK ssize_t stream_splice_out(struct stream *stream, int pipe_fd, size_t len);

/*
 * Notes in *seen_at_ms when data last came in from the peer, at now_ms, to a quarter of a second:
 * when the kernel got it, however long it then waited to be read. Never goes back.
 */
void stream_note_heard(const struct stream *stream, int64_t now_ms, int64_t *seen_at_ms);

/* Ends our direction: close_notify where there is TLS, then FIN. The other direction stays. Once.
 */
void stream_shutdown(struct stream *stream);

/* Closes in order and forgets. */
void stream_close(struct stream *stream);

/* Closes with RST (SO_LINGER 0), so that a broken connection is seen as broken; forgets. */
void stream_reset(struct stream *stream);

#endif
