/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one log line of an exchange. */
#include "egressd/record.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "egressd/lane.h"
#include "egressd/session.h"
#include "egressd/snapshot.h"
#include "egressd/totals.h"
#include "egressd/worker.h"

enum {
	RECORD_RULE_SIZE = sizeof(((struct refusal_note *)0)->rule),
	RECORD_FILE_MAX = 280, /* leaves room for the line */
};

void record_set_method(struct record *record, const char *method, size_t len)
{
	struct text text;

	text_init(&text, record->method, sizeof(record->method));
	text_add_bytes(&text, method, len);
}

void record_begin(struct record *record)
{
	record->open = true;
	record->started_us = clock_monotonic_us();
}

int64_t record_started_at_ms(const struct record *record)
{
	if (record->started_us == 0)
		return 0;
	return clock_wall_ms() - (clock_monotonic_us() - record->started_us) / 1000;
}

static const char *record_rule(const struct session *session, const struct record *record,
			       char text[RECORD_RULE_SIZE])
{
	const struct forward_config *forward = session->endpoint->forward;

	const struct rule_source *rule = record->verdict.rule;
	const char *file;
	struct text source;

	text_init(&source, text, RECORD_RULE_SIZE);
	if (forward == NULL && rule == NULL)
		return text;
	file = forward != NULL ? session->snapshot->config->path : rule->file;
	text_add_bytes(&source, file, strnlen(file, RECORD_FILE_MAX));
	text_add_char(&source, ':');
	text_add_number(&source, forward != NULL ? forward->line : rule->line);
	return text;
}

static void record_note_refusal(const struct session *session, const struct record *record)
{
	struct refusal_note note = {.at_ms = clock_wall_ms(),
				    .reason = refusal_words(record->refusal)->name};
	const struct config *config = session->snapshot->config;

	snprintf(note.client, sizeof(note.client), "%s",
		 policy_client_name(config->policy, session->client));
	if (session->client == POLICY_CLIENT_UNKNOWN)
		address_format(&session->peer, note.client);
	if (config->log_hosts) {
		snprintf(note.host, sizeof(note.host), "%s", record->host.name);
		note.port = record->port;
	}
	record_rule(session, record, note.rule);
	refusals_add(session->worker->shared->refusals, &note);
}

static void record_log_destination(struct log_line *line, const struct record *record)
{
	if (record->host.name_len > 0) {
		log_field_bytes(line, "host", record->host.name, record->host.name_len);
		log_field_number(line, "port", record->port);
	}
	if (record->address.family != AF_UNSPEC)
		log_field_address(line, "address", &record->address);
}

static void record_log(const struct session *session, const struct record *record, const char *end,
		       const char *detail)
{
	const struct config *config = session->snapshot->config;
	struct log_line line;
	char rule[RECORD_RULE_SIZE];

	log_begin(&line, record->refusal == REFUSAL_LOGIN_NEEDED ? LOG_DEBUG : LOG_INFO,
		  "session end");
	log_field_number(&line, "id", (int64_t)session->id);
	log_field(&line, "client", policy_client_name(config->policy, session->client));
	log_field_address(&line, "from", &session->peer);
	if (session->user != NULL)
		log_field(&line, "user", session->user);
	log_field(&line, "method", record->method);
	if (config->log_hosts)
		record_log_destination(&line, record);
	if (record_rule(session, record, rule)[0] != '\0')
		log_field(&line, "rule", rule);
	if (record->lane != NULL) {
		log_field(&line, "egress", record->lane->name);
		log_field_number(&line, "epoch", record->epoch);
	}
	if (record->status != 0)
		log_field_number(&line, "status", record->status);
	log_field_number(&line, "sent", (int64_t)record->sent);
	log_field_number(&line, "received", (int64_t)record->received);
	log_field_number(&line, "ms", (clock_monotonic_us() - record->started_us) / 1000);
	log_field(&line, "end", end);
	/* A detail may name the host or its address. */
	if (detail != NULL && detail[0] != '\0' && config->log_hosts)
		log_field(&line, "detail", detail);
	log_end(&line);
}

/* An egress is to blame for nothing that was refused before it was used. */
static void record_count_outcome(const struct session *session, const struct record *record)
{
	const struct snapshot *snapshot = session->snapshot;
	struct egress_totals *totals;

	if (!record->verdict.allowed) {
		counter_add(&session->worker->counters.requests_refused,
			    record->refusal != REFUSAL_NONE);
		return;
	}
	totals = snapshot->egresses[record->verdict.egress].totals;
	atomic_fetch_add_explicit(record->refusal == REFUSAL_NONE ? &totals->done : &totals->failed,
				  1, memory_order_relaxed);
}

void record_end(struct session *session, struct record *record, const char *end, const char *detail)
{
	struct counters *counters = &session->worker->counters;

	if (!record->open)
		return;
	record->open = false;
	counter_add(&counters->bytes_from_clients, record->sent);
	counter_add(&counters->bytes_from_origins, record->received);
	record_count_outcome(session, record);
	if (record->refusal != REFUSAL_NONE) {
		counter_add(&counters->refusals[record->refusal], 1);
		/* .NET asks without credentials first, every time: that is no news. */
		if (record->refusal != REFUSAL_LOGIN_NEEDED)
			record_note_refusal(session, record);
	}
	record_log(session, record, end, detail);
}
