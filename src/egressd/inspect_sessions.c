/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about sessions go round: each worker answers for its own, main puts the answers
 * together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egressd/daemon.h"
#include "egressd/exchange.h"
#include "egressd/session.h"
#include "egressd/snapshot.h"
#include "net/association.h"

/* One question, asked of all workers; freed with the last answer. */
struct inquiry {
	unsigned waiting;
	api_connections_done_fn *on_connections;
	api_kill_done_fn *on_kill;
	void *arg;
	bool found;
	struct api_connection *list;
	size_t count;
};

/* It goes to a worker and comes back. */
struct inquiry_part {
	struct message message;
	struct mailbox *back;
	struct inquiry *inquiry;
	uint64_t kill_id;
	bool found;
	struct api_connection *list;
	size_t count;
};

static const char *inspect_state_name(enum session_state state)
{
	static const char *const names[] = {"asking",     "login",     "held",
					    "dialling",   "relaying",  "exchange",
					    "associated", "lingering", "ended"};

	return names[state];
}

static void inspect_session(const struct session *session, struct api_connection *connection)
{
	const struct config *config = session->snapshot->config;
	const struct record *record = &session->record;
	struct association_counters counters = {0};

	*connection = (struct api_connection){
		.id = session->id,
		.source = session->peer,
		.started_at_ms = record_started_at_ms(record),
		.bytes_sent = record->sent,
		.bytes_received = record->received,
	};
	snprintf(connection->client, sizeof(connection->client), "%s",
		 policy_client_name(config->policy, session->client));
	snprintf(connection->user, sizeof(connection->user), "%s",
		 session->user == NULL ? "" : session->user);
	snprintf(connection->state, sizeof(connection->state), "%s",
		 inspect_state_name(session->state));
	if (session->state == SESSION_RELAYING) {
		connection->bytes_sent += session->relay.client.bytes;
		connection->bytes_received += session->relay.origin.bytes;
	}
	if (session->association != NULL)
		association_counters(session->association, &counters);
	connection->bytes_sent += counters.bytes_from_client;
	connection->bytes_received += counters.bytes_to_client;
	if (!record->open)
		return;
	snprintf(connection->method, sizeof(connection->method), "%s", record->method);
	if (record->lane != NULL)
		snprintf(connection->egress, sizeof(connection->egress), "%s", record->lane->name);
	connection->epoch = record->epoch;
	if (record->verdict.rule != NULL)
		snprintf(connection->rule, sizeof(connection->rule), "%.110s:%u",
			 record->verdict.rule->file, record->verdict.rule->line);
	if (!config->log_hosts)
		return;
	snprintf(connection->host, sizeof(connection->host), "%s", record->host.name);
	connection->port = record->port;
	connection->address = record->address;
}

static void inspect_list_worker(struct worker *worker, struct inquiry_part *part)
{
	struct session *session;
	size_t room = 0;

	TAILQ_FOREACH(session, &worker->sessions, link)
	room++;
	part->list = calloc(room + 1, sizeof(*part->list));
	if (part->list == NULL)
		return;
	TAILQ_FOREACH(session, &worker->sessions, link)
	inspect_session(session, &part->list[part->count++]);
}

static void inspect_kill_in_worker(struct worker *worker, struct inquiry_part *part)
{
	struct session *session;

	TAILQ_FOREACH(session, &worker->sessions, link)
	{
		if (session->id == part->kill_id) {
			part->found = true;
			session_end(session, "killed", true);
			return;
		}
	}
}

static void inquiry_add(struct inquiry *inquiry, struct inquiry_part *part)
{
	struct api_connection *list;

	inquiry->found |= part->found;
	if (part->count == 0)
		return;
	list = realloc(inquiry->list, (inquiry->count + part->count) * sizeof(*list));
	if (list == NULL)
		return;
	memcpy(list + inquiry->count, part->list, part->count * sizeof(*list));
	inquiry->list = list;
	inquiry->count += part->count;
}

/* Tells who asked, in main's thread. After api_free nobody may be told. */
static void inquiry_end(const struct daemon *daemon, struct inquiry *inquiry)
{
	if (daemon->api != NULL && inquiry->on_kill != NULL)
		inquiry->on_kill(inquiry->arg, inquiry->found);
	if (daemon->api != NULL && inquiry->on_connections != NULL)
		inquiry->on_connections(inquiry->arg, inquiry->list, inquiry->count);
	free(inquiry->list);
	free(inquiry);
}

/* In main's thread. */
static void inquiry_on_answer(struct message *message, void *owner)
{
	struct inquiry_part *part = (void *)message;
	struct inquiry *inquiry = part->inquiry;

	inquiry_add(inquiry, part);
	free(part->list);
	free(part);
	if (--inquiry->waiting == 0)
		inquiry_end(owner, inquiry);
}

/* In a worker's thread. */
static void inquiry_on_ask(struct message *message, void *owner)
{
	struct inquiry_part *part = (void *)message;

	if (part->kill_id != 0)
		inspect_kill_in_worker(owner, part);
	else
		inspect_list_worker(owner, part);
	part->message.run = inquiry_on_answer;
	mailbox_post(part->back, &part->message);
}

static void inquiry_start(struct daemon *daemon, struct inquiry *inquiry, uint64_t kill_id)
{
	struct inquiry_part *parts[64] = {NULL};

	for (unsigned i = 0; i < daemon->shared.workers; i++) {
		parts[i] = calloc(1, sizeof(*parts[i]));
		if (parts[i] == NULL)
			break;
		parts[i]->message.run = inquiry_on_ask;
		parts[i]->back = &daemon->mailbox;
		parts[i]->inquiry = inquiry;
		parts[i]->kill_id = kill_id;
		inquiry->waiting++;
	}
	/* Without memory for a single part nobody will answer. */
	if (inquiry->waiting == 0) {
		inquiry_end(daemon, inquiry);
		return;
	}
	for (unsigned i = 0; i < inquiry->waiting; i++)
		mailbox_post(&daemon->workers[i]->mailbox, &parts[i]->message);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the mailboxes hold the parts */
}

void inspect_connections(void *arg, api_connections_done_fn *done, void *done_arg)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));

	if (inquiry == NULL) {
		done(done_arg, NULL, 0);
		return;
	}
	inquiry->on_connections = done;
	inquiry->arg = done_arg;
	inquiry_start(arg, inquiry, 0);
}

void inspect_kill(void *arg, uint64_t id, api_kill_done_fn *done, void *done_arg)
{
	struct inquiry *inquiry = id == 0 ? NULL : calloc(1, sizeof(*inquiry));

	if (inquiry == NULL) {
		done(done_arg, false);
		return;
	}
	inquiry->on_kill = done;
	inquiry->arg = done_arg;
	inquiry_start(arg, inquiry, id);
}
