/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An exchange from inside: its two directions. Private to exchange*.c. */
#ifndef EGRESSD_EXCHANGE_PARTS_H
#define EGRESSD_EXCHANGE_PARTS_H

#include <stddef.h>

#include "base/buffer.h"
#include "egressd/exchange.h"
#include "egressd/origin.h"
#include "proto/http_body.h"
#include "proto/http_head.h"

enum exchange_step {
	EXCHANGE_MOVED, /* something was done; there may be more to do */
	EXCHANGE_WAIT,  /* nothing to do until an event */
	EXCHANGE_OVER,  /* the exchange is gone, and maybe the session */
};

struct exchange {
	struct session *session;
	struct origin *origin; /* NULL while there is none */
	int64_t active_at_ms;

	/* the request */
	bool is_head, client_is_1_0, client_keeps_alive, upgrade_asked;
	bool repeatable; /* safe to send again: no body, and a method that changes nothing twice */
	bool reused;     /* on a kept connection that may be dead */
	bool request_done;   /* all of it was read from the client */
	bool origin_refuses; /* the origin takes no more of it; only its answer counts now */
	struct http_body request_body;
	struct buffer to_origin; /* not yet taken */

	/* the response */
	bool answered;      /* its final head went to the client */
	bool response_done; /* all of it was read from the origin */
	bool dechunk;       /* the client does not know chunks */
	bool bulk;          /* the last read filled the buffer */
	bool closes_client; /* its end is told by closing */
	bool origin_reusable;
	unsigned interim; /* 1xx heads so far */
	size_t scanned;
	struct http_body response_body;
	struct buffer from_origin; /* of a head that is not complete yet */
	struct buffer to_client;   /* read, and not yet taken */
	struct pooled_pipe *pipe;  /* the same in bulk, in the kernel; NULL when nothing is */

	size_t head_len;
	uint8_t head[]; /* the request's, as it is sent, and maybe sent again */
};

/* Does a field of that name log in the connection, instead of what is asked on it? */
bool exchange_logs_connection_in(const struct http_head *head, enum http_name name);

/* Both directions as far as they go now. */
void exchange_pump(struct exchange *exchange);

/* Part of the request: what the origin does not take now waits. */
enum exchange_step exchange_pass_request(struct exchange *exchange, const uint8_t *bytes,
					 size_t len);

enum exchange_step exchange_send(struct exchange *exchange);
enum exchange_step exchange_receive(struct exchange *exchange);

/* Content in bulk goes through a pipe; what may be next is on its way there. False: copy it. */
bool exchange_takes_pipe(struct exchange *exchange);
enum exchange_step exchange_splice(struct exchange *exchange);
void exchange_give_pipe(struct exchange *exchange);

/* Something came from the origin. */
void exchange_note_origin(struct exchange *exchange, size_t len);

/* The origin closed or broke before it answered: once more on a fresh connection, or 502. */
enum exchange_step exchange_on_origin_lost(struct exchange *exchange);

/* The origin switched protocols: from here on bytes are relayed. */
enum exchange_step exchange_switch(struct exchange *exchange);

/* All was said: keeps what can be kept. */
enum exchange_step exchange_finish(struct exchange *exchange);

/* Refuses or, when the answer has begun, breaks it off visibly. */
enum exchange_step exchange_fail(struct exchange *exchange, int refusal, const char *why);

#endif
