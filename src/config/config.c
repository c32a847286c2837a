/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the file to the snapshot, and the snapshot's life. */
#include "config/config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "config/environment.h"
#include "config/files.h"
#include "config/statement.h"

enum {
	CONFIG_FILE_MAX = 64 * 1024 * 1024,
};

struct config_memory {
	struct config config;
	struct arena arena;
};

static struct config_memory *config_memory(struct config *config)
{
	return CONTAINER_OF(config, struct config_memory, config);
}

static struct config *config_new(const char *path)
{
	struct config_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		return NULL;
	memory->config = (struct config){
		.path = arena_copy(&memory->arena, path, strlen(path)),
		.hold_ms = 25000,
		.handshake_timeout_ms = 15000,
		.connect_timeout_ms = 20000,
		.idle_timeout_ms = 600000,
		.control_path = "/run/egressd/control.sock",
		.log_level = LOG_INFO,
		.log_format = LOG_TEXT,
		.log_hosts = true,
		.references = 1,
	};
	if (memory->config.path == NULL) {
		config_unref(&memory->config);
		return NULL;
	}
	return &memory->config;
}

struct config *config_ref(struct config *config)
{
	atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
	return config;
}

void config_unref(struct config *config)
{
	struct config_memory *memory;

	/* Acquire and release: whoever frees it sees what the others did with it. */
	if (config == NULL ||
	    atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) != 1)
		return;
	memory = config_memory(config);
	policy_free(config->policy);
	arena_clear(&memory->arena);
	free(memory);
}

const char *config_client_name(const struct config *config, size_t client)
{
	return policy_client_name(config->policy, (int)client);
}

static void config_complain(struct config_report *report, const char *what, const char *why)
{
	const struct place whole_file = {0};

	config_report_add(report, PROBLEM_ERROR, &whole_file, NULL, "%s%s%s", what,
			  why[0] == '\0' ? "" : ": ", why);
}

static void parser_clear(struct parser *parser)
{
	policy_builder_free(parser->builder);
	for (size_t i = 0; i < parser->client_names.count; i++) {
		if (parser->clients != NULL)
			free(parser->clients[i].addresses);
	}
	for (size_t i = 0; i < parser->forward_count; i++) {
		free(parser->forwards[i].from);
		free(parser->forwards[i].clients);
	}
	symbols_clear(&parser->client_names);
	symbols_clear(&parser->egress_names);
	symbols_clear(&parser->set_names);
	free(parser->clients);
	free(parser->listeners);
	free(parser->forwards);
	free(parser->expects);
	free(parser->rules);
}

static int config_fill(struct config *config, const char *text, size_t len,
		       struct config_report *report)
{
	struct parser parser = {
		.report = report,
		.config = config,
		.arena = &config_memory(config)->arena,
		.client_names.kind = "client",
		.egress_names.kind = "egress",
		.set_names.kind = "set",
	};
	int result = -1;

	parser.builder = policy_builder_new(config->path);
	if (parser.builder == NULL || parser_statements(&parser, text, len) < 0) {
		config_complain(report, "out of memory", "");
		goto done;
	}
	check_all(&parser);
	if (check_finish(&parser) < 0)
		config_complain(report, "out of memory", "");
	if (config_report_count(report, PROBLEM_ERROR) == 0)
		result = 0;
done:
	parser_clear(&parser);
	return result;
}

struct config *config_parse(const char *path, const char *text, size_t len,
			    struct config_report *report)
{
	struct config *config;

	if (len > CONFIG_FILE_MAX) {
		config_complain(report, "the file is larger than 64 MiB", "");
		return NULL;
	}
	config = config_new(path);
	if (config == NULL) {
		config_complain(report, "out of memory", "");
		return NULL;
	}
	if (config_fill(config, text, len, report) < 0) {
		config_unref(config);
		return NULL;
	}
	return config;
}

struct config *config_load(const char *path, struct config_report *report)
{
	struct config_files *files = config_files_new();
	struct config *config = NULL;

	path = environment_or_file(path);
	if (files == NULL || config_files_add(files, path) < 0)
		config_complain(report, "cannot be read", strerror(errno));
	else
		config = config_files_load(files, path, report);
	config_files_free(files);
	return config;
}
