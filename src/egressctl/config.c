/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl config show: the policy in force, or the file. */
#include "config/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/environment.h"
#include "config/export.h"
#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

/* The environment that egressctl has in egressd's container is egressd's. */
static int config_print_environment(const struct invocation *invocation)
{
	char *text = environment_policy(environ);

	if (!text)
		return command_fail(invocation, EXIT_UNKNOWN,
				    "the policy is of egressd's environment: ask "
				    "inside its container");
	config_print_redacted(stdout, text, strlen(text));
	free(text);
	return EXIT_YES;
}

static int config_print_file(const struct invocation *invocation, const char *path)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (!in)
		return command_fail(invocation, EXIT_UNKNOWN, "%s: %s", path, strerror(errno));
	while ((len = getline(&line, &room, in)) > 0)
		config_print_redacted(stdout, line, (size_t)len);
	free(line);
	fclose(in);
	return EXIT_YES;
}

/* The daemon has read it long ago: say so when the file is not that any more. */
static int config_print_running(const struct invocation *invocation, const json_t *status)
{
	const json_t *policy = json_object_get(status, "policy");
	const char *path = json_text(policy, "path", invocation->config_path);
	int64_t now_ms = json_number(status, "now_ms");
	int64_t loaded_at_ms = json_number(policy, "loaded_at_ms");
	struct stat file;
	char at[32];

	printf("# %s, in force since %s\n", path, format_time(loaded_at_ms, now_ms, at));
	if (stat(path, &file) == 0 && file.st_mtim.tv_sec > loaded_at_ms / 1000)
		fprintf(stderr,
			"egressctl: the file was changed at %s and is not in force as it stands "
			"here: egressctl reload\n",
			format_time((int64_t)file.st_mtim.tv_sec * 1000, now_ms, at));
	if (strcmp(path, environment_name) == 0)
		return config_print_environment(invocation);
	return config_print_file(invocation, path);
}

static int config_show_file(const struct invocation *invocation)
{
	struct config *config;

	if (!invocation->json && environment_or_file(invocation->config_path) == environment_name)
		return config_print_environment(invocation);
	if (!invocation->json)
		return config_print_file(invocation, invocation->config_path);
	config = command_load(invocation);
	if (!config)
		return EXIT_UNKNOWN;
	command_print_json(config_to_json(config));
	config_unref(config);
	return EXIT_YES;
}

int command_config(struct invocation *invocation)
{
	bool file = false;
	const struct command_option own[] = {{"file", .flag = &file}, {0}};
	struct control_answer answer;
	int code = EXIT_YES;

	if (!command_options(invocation, own) || invocation->argc != 1 ||
	    strcmp(invocation->argv[0], "show") != 0)
		return EXIT_USAGE;
	if (file || invocation->config_named)
		return config_show_file(invocation);
	command_find_socket(invocation);
	if (control_call(invocation->socket_path, "GET",
			 invocation->json ? "/v1/config" : "/v1/status", NULL, &answer) < 0) {
		fprintf(stderr, "egressctl: %s\negressctl: this is the file\n", answer.problem);
		return config_show_file(invocation);
	}
	if (answer.status != 200)
		code = command_fail(invocation, EXIT_UNKNOWN, "%s",
				    json_text(answer.body, "error", "egressd cannot tell"));
	else if (invocation->json)
		command_print_json(json_incref(answer.body));
	else
		code = config_print_running(invocation, answer.body);
	control_answer_clear(&answer);
	return code;
}
