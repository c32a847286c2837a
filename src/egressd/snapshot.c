/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds what a config asks for, or says why not. */
#include "egressd/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/files.h"
#include "config/users.h"
#include "egressd/totals.h"
#include "net/guard.h"
#include "net/tls.h"
#include "net/upstream.h"
#include "policy/policy.h"
#include "proto/proxy_url.h"
#include "tunnel/tunnel.h"

enum {
	SNAPSHOT_PROBE_EVERY_MS = 3000,
};

static struct ssl_ctx_st *listen_open_tls(const struct listen_config *listen,
					  const struct config_files *files, const char **why)
{
	struct span certificate = {0}, key = {0};
	char *certificate_text =
		config_files_read(files, listen->tls_certificate_file, &certificate.len);
	char *key_text = config_files_read(files, listen->tls_key_file, &key.len);
	struct ssl_ctx_st *tls = NULL;

	certificate.bytes = certificate_text;
	key.bytes = key_text;
	if (certificate_text != NULL && key_text != NULL)
		tls = tls_server_new(certificate, key, why);
	else
		*why = "the certificate or its key was not handed over";
	free(certificate_text);
	if (key_text != NULL)
		explicit_bzero(key_text, key.len);
	free(key_text);
	return tls;
}

static struct users *listen_open_users(const struct listen_config *listen,
				       const struct config_files *files, const char **why)
{
	size_t len;
	char *text = config_files_read(files, listen->auth_file, &len);
	struct users *users = NULL;

	if (text != NULL)
		users = users_parse(listen->auth_file, text, len, why);
	else
		*why = "the file of users was not handed over";
	free(text);
	return users;
}

static int snapshot_open_listen(struct endpoint *endpoint, const struct listen_config *listen,
				const char *path, const struct config_files *files,
				char problem[512])
{
	const char *why = "";

	endpoint->listen = listen;
	endpoint->address = listen->address;
	if (listen->tls_certificate_file != NULL) {
		endpoint->tls = listen_open_tls(listen, files, &why);
		if (endpoint->tls == NULL)
			goto fail;
	}
	if (listen->auth_file != NULL) {
		endpoint->users = listen_open_users(listen, files, &why);
		if (endpoint->users == NULL)
			goto fail;
	}
	return 0;
fail:
	snprintf(problem, 512, "%s:%u: %s", path, listen->line, why);
	return -1;
}

static int snapshot_open_endpoints(struct snapshot *snapshot, const struct config_files *files,
				   char problem[512])
{
	const struct config *config = snapshot->config;
	size_t count = config->listener_count + config->forward_count;

	snapshot->endpoints = calloc(count + 1, sizeof(*snapshot->endpoints));
	if (snapshot->endpoints == NULL) {
		snprintf(problem, 512, "out of memory");
		return -1;
	}
	for (size_t i = 0; i < config->listener_count; i++) {
		struct endpoint *endpoint = &snapshot->endpoints[snapshot->endpoint_count++];

		if (snapshot_open_listen(endpoint, &config->listeners[i], config->path, files,
					 problem) < 0)
			return -1;
	}
	for (size_t i = 0; i < config->forward_count; i++) {
		struct endpoint *endpoint = &snapshot->endpoints[snapshot->endpoint_count++];

		endpoint->forward = &config->forwards[i];
		endpoint->address = config->forwards[i].listen;
	}
	return 0;
}

static struct tunnel *snapshot_watch(const struct egress_config *egress,
				     struct tunnel_monitor *monitor)
{
	struct tunnel_settings settings = {.device = egress->device,
					   .probe_every_ms = egress->probe_every_ms};

	if (settings.probe_every_ms == 0)
		settings.probe_every_ms = SNAPSHOT_PROBE_EVERY_MS;
	if (egress->probe_target.family != AF_UNSPEC) {
		settings.targets[settings.target_count++] = egress->probe_target;
	} else {
		/* Every resolver also answers over TCP (RFC 7766 5), with a RST at the least. */
		for (size_t i = 0; i < egress->resolver_count && i < ARRAY_LEN(settings.targets);
		     i++)
			settings.targets[settings.target_count++] = egress->resolvers[i];
	}
	return tunnel_watch(monitor, &settings);
}

static int snapshot_open_egress(struct egress *egress, const struct egress_config *config,
				struct tunnel_monitor *monitor)
{
	struct proxy_url url;
	const char *why;

	egress->config = config;
	if (config->kind == EGRESS_DEVICE) {
		egress->tunnel = snapshot_watch(config, monitor);
		return egress->tunnel == NULL ? -1 : 0;
	}
	if (config->kind == EGRESS_PROXY) {
		if (proxy_url_parse(config->upstream_url, strlen(config->upstream_url), &url,
				    &why) < 0)
			return -1;
		egress->upstream = upstream_new(&url);
		return egress->upstream == NULL ? -1 : 0;
	}
	return 0;
}

static int snapshot_open_egresses(struct snapshot *snapshot, struct tunnel_monitor *monitor,
				  struct totals *totals, char problem[512])
{
	const struct config *config = snapshot->config;
	size_t clients = policy_client_count(config->policy);

	snapshot->egresses = calloc(config->egress_count + 1, sizeof(*snapshot->egresses));
	snapshot->client_sessions = calloc(clients + 1, sizeof(*snapshot->client_sessions));
	if (snapshot->egresses == NULL || snapshot->client_sessions == NULL) {
		snprintf(problem, 512, "out of memory");
		return -1;
	}
	for (size_t i = 0; i < config->egress_count; i++) {
		snapshot->egress_count++;
		snapshot->egresses[i].totals = totals_find(totals, config->egresses[i].name);
		if (snapshot->egresses[i].totals == NULL ||
		    snapshot_open_egress(&snapshot->egresses[i], &config->egresses[i], monitor) <
			    0) {
			snprintf(problem, 512, "%s:%u: egress %s could not be set up: %m",
				 config->path, config->egresses[i].line, config->egresses[i].name);
			return -1;
		}
	}
	return 0;
}

static int snapshot_make_guard(struct snapshot *snapshot, char problem[512])
{
	struct address *listeners = calloc(snapshot->endpoint_count + 1, sizeof(*listeners));

	if (listeners != NULL) {
		for (size_t i = 0; i < snapshot->endpoint_count; i++)
			listeners[i] = snapshot->endpoints[i].address;
		snapshot->guard = guard_new(listeners, snapshot->endpoint_count);
		free(listeners);
	}
	if (snapshot->guard == NULL)
		snprintf(problem, 512, "out of memory");
	return snapshot->guard == NULL ? -1 : 0;
}

struct snapshot *snapshot_new(struct config *config, const struct config_files *files,
			      struct tunnel_monitor *monitor, struct totals *totals,
			      char problem[512])
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL) {
		snprintf(problem, 512, "out of memory");
		config_unref(config);
		return NULL;
	}
	atomic_init(&snapshot->references, 1);
	snapshot->config = config;
	if (snapshot_open_endpoints(snapshot, files, problem) < 0 ||
	    snapshot_open_egresses(snapshot, monitor, totals, problem) < 0 ||
	    snapshot_make_guard(snapshot, problem) < 0) {
		snapshot_unref(snapshot);
		return NULL;
	}
	return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (snapshot == NULL ||
	    atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < snapshot->endpoint_count; i++) {
		tls_free(snapshot->endpoints[i].tls);
		users_free(snapshot->endpoints[i].users);
	}
	for (size_t i = 0; i < snapshot->egress_count; i++)
		upstream_free(snapshot->egresses[i].upstream);
	guard_free(snapshot->guard);
	config_unref(snapshot->config);
	free(snapshot->client_sessions);
	free(snapshot->egresses);
	free(snapshot->endpoints);
	free(snapshot);
}

const struct endpoint *snapshot_find_endpoint(const struct snapshot *snapshot,
					      const struct address *address)
{
	for (size_t i = 0; i < snapshot->endpoint_count; i++) {
		if (address_equals_endpoint(&snapshot->endpoints[i].address, address))
			return &snapshot->endpoints[i];
	}
	return NULL;
}
