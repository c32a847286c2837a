/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the control API asks: status from the counters, connections by asking every worker. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "egressd/api_status.h"
#include "egressd/daemon.h"
#include "egressd/session.h"
#include "egressd/snapshot.h"

static const char *const inspect_protocols[COUNTED_PROTOCOLS] = {"connect", "http", "socks4",
								 "socks5",  "udp",  "forward"};

enum {
	INSPECT_REQUESTS_MAX = 65, /* two for each egress, and the refused */
};

/* The room that a status needs, kept from one to the next. */
struct inspection {
	struct api_status status;
	struct api_egress *egresses;
	struct tunnel_status *tunnels;
	struct gluetun_status gluetun;
	struct api_session_count sessions[COUNTED_PROTOCOLS];
	struct api_refusal_count refusals[REFUSAL_COUNT];
	struct api_request_count requests[INSPECT_REQUESTS_MAX];
	struct refusal_note notes[REFUSALS_KEPT];
};

static uint64_t inspect_sum(const struct daemon *daemon, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < daemon->shared.workers; i++) {
		const char *counters = (const char *)&daemon->workers[i]->counters;

		sum += counter_read((const void *)(counters + offset));
	}
	return sum;
}

static void inspect_egresses(const struct daemon *daemon, struct inspection *inspection)
{
	static const char *const kinds[] = {
		[EGRESS_DEVICE] = "device", [EGRESS_PROXY] = "proxy", [EGRESS_DIRECT] = "direct"};
	const struct egress_config *asked = daemon_gluetun_egress(daemon);
	const struct snapshot *snapshot = daemon->snapshot;

	gluetun_status(daemon->gluetun, &inspection->gluetun);
	free(inspection->egresses);
	free(inspection->tunnels);
	inspection->egresses = calloc(snapshot->egress_count + 1, sizeof(*inspection->egresses));
	inspection->tunnels = calloc(snapshot->egress_count + 1, sizeof(*inspection->tunnels));
	if (inspection->egresses == NULL || inspection->tunnels == NULL)
		return;
	for (size_t i = 0; i < snapshot->egress_count; i++) {
		const struct egress *egress = &snapshot->egresses[i];

		inspection->egresses[i].name = egress->config->name;
		inspection->egresses[i].kind = kinds[egress->config->kind];
		if (egress->tunnel == NULL)
			continue;
		tunnel_status(egress->tunnel, &inspection->tunnels[i]);
		inspection->egresses[i].tunnel = &inspection->tunnels[i];
		if (egress->config != asked)
			continue;
		inspection->egresses[i].gluetun_url = asked->gluetun_url;
		inspection->egresses[i].gluetun = &inspection->gluetun;
	}
	inspection->status.egresses = inspection->egresses;
	inspection->status.egress_count = snapshot->egress_count;
}

static void inspect_refusals(const struct daemon *daemon, struct inspection *inspection)
{
	struct api_status *status = &inspection->status;

	status->last_refusal_count = refusals_read(daemon->shared.refusals, inspection->notes);
	for (size_t i = 0; i < status->last_refusal_count; i++) {
		const struct refusal_note *note = &inspection->notes[i];

		status->last_refusals[i] = (struct api_refusal){
			.at_ms = note->at_ms,
			.client = note->client,
			.host = note->host[0] != '\0' ? note->host : NULL,
			.port = note->port,
			.reason = note->reason,
			.rule = note->rule[0] != '\0' ? note->rule : NULL,
		};
	}
}

static void inspect_counters(const struct daemon *daemon, struct inspection *inspection)
{
	struct api_status *status = &inspection->status;

	for (size_t i = 0; i < COUNTED_PROTOCOLS; i++)
		inspection->sessions[i] = (struct api_session_count){
			.protocol = inspect_protocols[i],
			.count = inspect_sum(daemon, offsetof(struct counters, requests[0]) +
							     i * sizeof(uint64_t)),
		};
	for (size_t i = 1; i < REFUSAL_COUNT; i++)
		inspection->refusals[i - 1] = (struct api_refusal_count){
			.reason = refusal_words((enum refusal)i)->name,
			.count = inspect_sum(daemon, offsetof(struct counters, refusals[0]) +
							     i * sizeof(uint64_t)),
		};
	status->sessions = inspection->sessions;
	status->session_count = COUNTED_PROTOCOLS;
	status->refusals = inspection->refusals;
	status->refusal_count = REFUSAL_COUNT - 1;
	status->sessions_active = inspect_sum(daemon, offsetof(struct counters, sessions_active));
	status->requests_held = inspect_sum(daemon, offsetof(struct counters, held_now));
	status->resolver = (struct api_resolver_counts){
		.lookups = inspect_sum(daemon, offsetof(struct counters, resolver.lookups)),
		.cache_hits = inspect_sum(daemon, offsetof(struct counters, resolver.cache_hits)),
		.failures = inspect_sum(daemon, offsetof(struct counters, resolver.failures)),
		.timeouts = inspect_sum(daemon, offsetof(struct counters, resolver.timeouts)),
	};
	status->log_lines_lost = log_lines_lost();
	status->bytes_sent = inspect_sum(daemon, offsetof(struct counters, bytes_from_clients));
	status->bytes_received = inspect_sum(daemon, offsetof(struct counters, bytes_from_origins));
}

static void inspect_add_request(struct inspection *inspection, const char *egress,
				const char *outcome, uint64_t count)
{
	struct api_status *status = &inspection->status;

	if (status->request_count < INSPECT_REQUESTS_MAX)
		inspection->requests[status->request_count++] =
			(struct api_request_count){egress, outcome, count};
}

static void inspect_requests(const struct daemon *daemon, struct inspection *inspection)
{
	const struct egress_totals *totals;

	inspection->status.requests = inspection->requests;
	inspect_add_request(inspection, "-", "refused",
			    inspect_sum(daemon, offsetof(struct counters, requests_refused)));
	SLIST_FOREACH(totals, &daemon->totals, link)
	{
		inspect_add_request(inspection, totals->name, "ok", counter_read(&totals->done));
		inspect_add_request(inspection, totals->name, "failed",
				    counter_read(&totals->failed));
	}
}

static const struct api_status *inspect_status(void *arg)
{
	static const char *const seccomp[] = {
		[CONFINEMENT_ON] = "on",
		[CONFINEMENT_OFF] = "off (--no-seccomp)",
		[CONFINEMENT_UNSUPPORTED] = "off (a build with sanitizers)",
	};
	struct daemon *daemon = arg;
	struct inspection *inspection = daemon->inspection;

	inspection->status = (struct api_status){
		.started_at_ms = daemon->started_at_ms,
		.config_loaded_at_ms = daemon->loaded_at_ms,
		.config_path = daemon->snapshot->config->path,
		.last_reload_error = daemon->reload_error,
		.last_reload_error_at_ms = daemon->reload_error_at_ms,
		.rules = &daemon->report,
		.seccomp = seccomp[daemon->confinement],
		.uid = geteuid(),
		.workers = daemon->shared.workers,
	};
	inspect_egresses(daemon, inspection);
	inspect_counters(daemon, inspection);
	inspect_requests(daemon, inspection);
	inspect_refusals(daemon, inspection);
	return &inspection->status;
}

static struct config *inspect_config(void *arg)
{
	struct daemon *daemon = arg;

	return config_ref(daemon->snapshot->config);
}

static void inspect_reload(void *arg, api_reload_done_fn *done, void *done_arg)
{
	daemon_reload(arg, done, done_arg);
}

void daemon_inspection_free(struct daemon *daemon)
{
	if (daemon->inspection == NULL)
		return;
	free(daemon->inspection->egresses);
	free(daemon->inspection->tunnels);
	free(daemon->inspection);
	daemon->inspection = NULL;
}

int daemon_inspection_new(struct daemon *daemon)
{
	daemon->inspection = calloc(1, sizeof(*daemon->inspection));
	return daemon->inspection == NULL ? -1 : 0;
}

const struct api_backend daemon_backend = {
	.status = inspect_status,
	.config = inspect_config,
	.connections = inspect_connections,
	.kill = inspect_kill,
	.reload = inspect_reload,
};
