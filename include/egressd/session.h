/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One client connection, from accept to end. session.c reads in the order things happen; how a
 * client speaks is behind struct protocol. session_end is the only exit; a session that has ended
 * stays readable until its worker's next round.
 */
#ifndef EGRESSD_SESSION_H
#define EGRESSD_SESSION_H

#include <stdbool.h>

#include "base/buffer.h"
#include "egressd/deadline.h"
#include "egressd/login.h"
#include "egressd/record.h"
#include "net/relay.h"

struct association;
struct dial;
struct endpoint;
struct exchange;
struct session;
struct protocol;
struct snapshot;
struct worker;

enum session_state {
	SESSION_ASKING, /* reading a request */
	SESSION_LOGIN,  /* a password is being checked */
	SESSION_HELD,   /* waiting for the tunnel */
	SESSION_DIALING,
	SESSION_RELAYING,   /* a tunnel, or a forward */
	SESSION_EXCHANGING, /* an HTTP exchange */
	SESSION_ASSOCIATED, /* UDP */
	SESSION_LINGERING,  /* refused; what the client still sends is thrown away */
	SESSION_ENDED,
};

struct session {
	struct worker *worker;
	struct snapshot *snapshot;       /* a reference; the verdict's rule lives in it */
	const struct endpoint *endpoint; /* in the snapshot */
	const struct protocol *protocol;
	uint64_t id;
	struct address peer;
	enum session_state state;
	uint8_t step; /* of the protocol's handshake */
	bool login_failed, counted, close_after_refusal;
	int client;           /* of the policy; POLICY_CLIENT_UNKNOWN */
	char *user;           /* who logged in; NULL: nobody */
	struct stream stream; /* the client's, until a relay takes it */
	struct buffer input;  /* read and not yet used */
	size_t skip;          /* of input to come: the body of a refused request */
	size_t scanned;       /* of input, for the end of an HTTP head */
	struct record record;
	struct deadline deadline;
	struct login_waiter login;
	struct dial *dial;
	struct exchange *exchange;
	struct association *association;
	struct relay relay;
	TAILQ_ENTRY(session) link; /* worker's sessions, or ended */
	TAILQ_ENTRY(session) held_link;
};

/* Takes fd. */
void session_start(struct worker *worker, const struct endpoint *endpoint, int fd,
		   const struct address *peer);

/* The only exit. reset: break the connection off instead of ending it in order. */
void session_end(struct session *session, const char *end, bool reset);

/* After a reload: takes the new snapshot if it still allows what the session does, else ends it. */
void session_redecide(struct session *session, struct snapshot *snapshot);

/* Lets go of a request that waits for its tunnel: dials. */
void session_release(struct session *session);

/* It took too long for what it is doing. */
void session_on_deadline(struct session *session);

/* For the worker's reaper. */
void session_free(struct session *session);

#endif
