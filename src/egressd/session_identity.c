/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is at the other end of a session: logins, the policy's client, its limit of sessions. */
#include <stdlib.h>
#include <string.h>

#include "config/users.h"
#include "egressd/protocol.h"
#include "egressd/snapshot.h"
#include "egressd/worker.h"

static void session_on_login(struct login_waiter *waiter, enum login_outcome outcome)
{
	struct session *session = CONTAINER_OF(waiter, struct session, login);

	session->state = SESSION_ASKING;
	session->protocol->on_login(session, outcome);
	if (session->state == SESSION_ASKING)
		session_read(session);
}

enum login_outcome session_login(struct session *session, const char *user, size_t user_len,
				 const char *password, size_t password_len)
{
	enum login_outcome outcome;

	session->login.done = session_on_login;
	outcome = login_check(session->worker->logins, session->endpoint->users, &session->peer,
			      user, user_len, password, password_len, &session->login);
	if (outcome == LOGIN_LATER)
		session->state = SESSION_LOGIN;
	return outcome;
}

void session_count_client(struct session *session, bool in)
{
	if (session->client == POLICY_CLIENT_UNKNOWN || session->counted == in)
		return;
	session->counted = in;
	if (in)
		atomic_fetch_add_explicit(&session->snapshot->client_sessions[session->client], 1,
					  memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&session->snapshot->client_sessions[session->client], 1,
					  memory_order_relaxed);
}

int session_who(const struct session *session)
{
	const struct listen_config *listen = session->endpoint->listen;

	return policy_identify(session_config(session)->policy,
			       listen == NULL ? POLICY_CLIENT_UNKNOWN : listen->client,
			       &session->peer, session->user,
			       session->user == NULL ? 0 : strlen(session->user));
}

static bool session_is_within_limit(const struct session *session)
{
	uint32_t limit;

	if (session->client == POLICY_CLIENT_UNKNOWN)
		return true;
	limit = session_config(session)->client_session_limits[session->client];
	return limit == 0 ||
	       atomic_load_explicit(&session->snapshot->client_sessions[session->client],
				    memory_order_relaxed) <= limit;
}

void session_set_user(struct session *session, const char *user, size_t user_len)
{
	if (user_len > 0 && (session->user == NULL || strlen(session->user) != user_len ||
			     memcmp(session->user, user, user_len) != 0)) {
		free(session->user);
		session->user = strndup(user, user_len);
	}
}

bool session_is_logged_in(const struct session *session)
{
	const struct users *users = session->endpoint->users;

	return users == NULL || (session->user != NULL &&
				 users_find(users, session->user, strlen(session->user)) != NULL);
}

bool session_identify(struct session *session, const char *user, size_t user_len)
{
	session_set_user(session, user, user_len);
	session_count_client(session, false);
	session->client = session_who(session);
	session_count_client(session, true);
	if (session_is_within_limit(session))
		return true;
	/* A refused connection may stay open: it must not take the place of one that works. */
	session_count_client(session, false);
	return false;
}
