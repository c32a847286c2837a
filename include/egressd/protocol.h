/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a client speaks, and the steps of a session that the protocols call in the order of the file.
 * Any step may end the session: look at its state before touching it again.
 */
#ifndef EGRESSD_PROTOCOL_H
#define EGRESSD_PROTOCOL_H

#include "egressd/session.h"
#include "egressd/worker.h"

struct config;
struct forward_config;

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

/* Opens the UDP association that a SOCKS5 client asked for. */
void session_associate(struct session *session);

/* Reads the connection of an association: its end is the association's. */
void session_watch_association(struct session *session);

/* May that address use the forward? */
bool forward_allows(const struct forward_config *forward, const struct address *peer);

/* In or out of its client's count of sessions; nothing happens when it is there already. */
void session_count_client(struct session *session, bool in);

/* Off the list of those that wait for a tunnel; safe when it is not on it. */
void session_unhold(struct session *session);

/* The config that the session goes by. */
const struct config *session_config(const struct session *session);

/* Sets the session's one deadline anew. */
void session_set_deadline(struct session *session, enum deadline_kind kind, int64_t in_ms);

#endif
