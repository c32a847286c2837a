/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handshake with an upstream proxy, up to the moment when the stream is the target's. Private
 * to net. */
#ifndef NET_DIAL_UPSTREAM_H
#define NET_DIAL_UPSTREAM_H

#include "net/dial.h"
#include "net/upstream.h"

enum {
	HANDSHAKE_OUT_MAX = 2048, /* a CONNECT with the longest name twice and the longest login */
	HANDSHAKE_IN_MAX = 8192,  /* no honest reply to CONNECT is longer */
	HANDSHAKE_DETAIL_SIZE = 128,
};

/* What a step of the handshake came to. */
enum step {
	STEP_WAIT, /* for the socket */
	STEP_NEXT, /* there is something to send, or the next step to take */
	STEP_OK,   /* the stream is the target's now */
	STEP_FAILED,
};

/* stream is the callee's: the target's on DIAL_OK, else empty. detail is valid during the call. */
typedef void handshake_done_fn(void *arg, enum dial_result result, struct stream stream,
			       const char *detail);

struct handshake {
	struct stream stream;
	const struct upstream *upstream;
	const struct host *host;
	uint16_t port;
	enum step (*step)(struct handshake *handshake); /* what to do once out is sent */
	handshake_done_fn *done;
	void *arg;
	enum dial_result result; /* with STEP_FAILED */
	size_t out_len, out_sent, in_len, in_scanned;
	unsigned interim; /* 1xx answers read over */
	char detail[HANDSHAKE_DETAIL_SIZE];
	uint8_t out[HANDSHAKE_OUT_MAX];
	uint8_t in[HANDSHAKE_IN_MAX];
};

/*
 * Takes stream, in any case; borrows upstream and host. done comes once, never from inside, unless
 * handshake_free comes first. NULL + errno.
 */
MUST_CHECK struct handshake *handshake_new(struct stream stream, const struct upstream *upstream,
					   const struct host *host, uint16_t port,
					   handshake_done_fn *done, void *arg);
void handshake_free(struct handshake *handshake);

/* For the steps: they are in dial_upstream_http.c and dial_upstream_socks.c. */
void handshake_start_http(struct handshake *handshake);
void handshake_start_socks(struct handshake *handshake);

/* Reads until in holds want bytes and never more. STEP_OK, STEP_WAIT, or STEP_FAILED with the
 * reason set. */
enum step handshake_read(struct handshake *handshake, size_t want);
enum step handshake_fail(struct handshake *handshake, enum dial_result result, const char *format,
			 ...) PRINTF_LIKE(3, 4);

#endif
