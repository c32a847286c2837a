/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One client connection, from accept to end. session.c reads in the order things happen; how a
 * client speaks is behind struct protocol. session_end is the only exit; a session that has ended
 * stays readable until its worker's next round.
 */
#ifndef EGRESSD_SESSION_H
#define EGRESSD_SESSION_H

#include <event2/event_struct.h>
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
struct forward_config;
struct session;
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

/* How a client speaks. */
struct protocol {
	/* There are new bytes in session->input. Parses, and calls one of the session_* below, or
	 * waits for more. */
	void (*on_input)(struct session *session);
	/* The password was checked (RIGHT or WRONG). */
	void (*on_login)(struct session *session, enum login_outcome outcome);
	/* Connected: say so and go on. Takes origin. */
	void (*on_dialed)(struct session *session, struct stream origin);
	/* Say no in the client's words, then session_linger, session_end or read the next request.
	 */
	void (*on_refused)(struct session *session, enum refusal refusal, const char *detail);
};

extern const struct protocol protocol_sniff, protocol_http, protocol_socks4, protocol_socks5,
	protocol_forward;

struct session {
	struct worker *worker;
	struct snapshot *snapshot;       /* a reference; the verdict's rule lives in it */
	const struct endpoint *endpoint; /* in the snapshot */
	const struct protocol *protocol;
	uint64_t id;
	struct address peer;
	enum session_state state;
	uint8_t step; /* of the protocol's handshake */
	bool login_failed, counted, input_ended, close_after_refusal;
	int client;           /* of the policy; POLICY_CLIENT_UNKNOWN */
	char *user;           /* who logged in; NULL: nobody */
	struct stream stream; /* the client's, until a relay takes it */
	struct event event;
	struct buffer input; /* read and not yet used */
	size_t skip;         /* of input to come: the body of a refused request */
	size_t scanned;      /* of input, for the end of an HTTP head */
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

/* Reads and hands on what the client sent, while it is asking. */
void session_read(struct session *session);

/* record's method, host, port, transport and protocol are filled: decide, hold, dial. */
void session_request(struct session *session);

/* Who claims to be there, before the password is checked. */
void session_set_user(struct session *session, const char *user, size_t user_len);

/* Is the user one of the endpoint's, or is none needed? A reload may have changed that. */
bool session_is_logged_in(const struct session *session);

/* Once logged in, or without a login: who is it? Also counts the session for its client; false:
 * over its limit. */
bool session_identify(struct session *session, const char *user, size_t user_len);

/* The policy's client for this endpoint, address and user. */
int session_who(const struct session *session);

/* Checks a password; on LOGIN_LATER the session waits and protocol->on_login follows. */
enum login_outcome session_login(struct session *session, const char *user, size_t user_len,
				 const char *password, size_t password_len);

/* Counts, notes and logs the refusal, then lets the protocol say it. */
void session_refuse(struct session *session, enum refusal refusal, const char *detail);

/* Writes small bytes to the client; what does not fit at once ends the session. False: it has
 * ended. */
bool session_say(struct session *session, const void *bytes, size_t len);

/* Both streams go to the relay. What is left of input goes to the origin first, from_origin to the
 * client. Takes origin. */
void session_relay(struct session *session, struct stream origin, struct buffer *from_origin);

/* The exchange is over: back to asking, on the same connection. */
void session_ask_again(struct session *session);

/* Ends our direction and throws away what comes until the client ends too: a RST would overtake the
 * refusal. */
void session_linger(struct session *session);

/* The only exit. reset: break the connection off instead of ending it in order. */
void session_end(struct session *session, const char *end, bool reset);

/* After a reload: takes the new snapshot if it still allows what the session does, else ends it. */
void session_redecide(struct session *session, struct snapshot *snapshot);

/* Lets go of a request that waits for its tunnel: dials. */
void session_release(struct session *session);

/* Opens the UDP association that a SOCKS5 client asked for. */
void session_associate(struct session *session);

/* Reads the connection of an association: its end is the association's. */
void session_watch_association(struct session *session);

/* May that address use the forward? */
bool forward_allows(const struct forward_config *forward, const struct address *peer);

/* It took too long for what it is doing. */
void session_on_deadline(struct session *session);

/* For the worker's reaper. */
void session_free(struct session *session);

#endif
