/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl rejoin: containers that the engine did not start, for the one whose network they share
 * did not run yet, are started. */
#include "egressctl/rejoin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "egressctl/command.h"
#include "egressctl/print.h"

static const char default_socket[] = "/var/run/docker.sock";
static const char unix_scheme[] = "unix://";

enum {
	HOST_NAME_SIZE = 256,
};

enum engine_result rejoin_find(struct rejoin *rejoin, struct rejoin_list *list)
{
	char host_name[HOST_NAME_SIZE];

	if (rejoin->project[0] == '\0') {
		if (gethostname(host_name, sizeof(host_name)) < 0)
			host_name[0] = '\0';
		host_name[sizeof(host_name) - 1] = '\0';
		if (rejoin_own_project(&rejoin->engine, host_name, rejoin->project) != ENGINE_OK)
			return ENGINE_FAILED;
	}
	return rejoin_look(&rejoin->engine, rejoin->project, list);
}

const char *rejoin_cure(const struct rejoin_case *orphan, char out[REJOIN_CURE_SIZE])
{
	snprintf(out, REJOIN_CURE_SIZE, "docker compose up -d --force-recreate %s",
		 orphan->container.service);
	return out;
}

/* One object of what became of it. */
static void rejoin_tell(json_t *told, const struct rejoin_case *found, const char *result,
			const char *problem)
{
	const struct engine_container *container = &found->container;
	char cure[REJOIN_CURE_SIZE] = "";

	if (found->verdict == REJOIN_ORPHANED)
		rejoin_cure(found, cure);
	json_array_append_new(told, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "container",
					      container->name, "joins", found->owner, "result",
					      result, "left", container->error, "problem", problem,
					      "cure", cure));
}

/* True: nothing is left to be done, or nothing that could be done now. */
static bool rejoin_one(struct engine *engine, const struct rejoin_case *found, bool dry_run,
		       json_t *told)
{
	if (found->verdict == REJOIN_WAITS) {
		rejoin_tell(told, found, "waits", "");
		return true;
	}
	if (found->verdict == REJOIN_ORPHANED) {
		rejoin_tell(told, found, "orphaned", "");
		return false;
	}
	if (dry_run) {
		rejoin_tell(told, found, "to start", "");
		return false;
	}
	if (engine_start(engine, found->container.id) == ENGINE_OK) {
		rejoin_tell(told, found, "started", "");
		return true;
	}
	rejoin_tell(told, found, "failed", engine->problem);
	return false;
}

static void rejoin_print(const char *project, const json_t *told)
{
	const json_t *one;
	size_t i;

	if (json_array_size(told) == 0)
		printf("nothing to do: nothing of project %s was left behind\n", project);
	json_array_foreach(told, i, one)
	{
		const char *result = json_text(one, "result", "");
		const char *problem = json_text(one, "problem", "");

		printf("%-14s %s%s%s: ", json_text(one, "container", ""),
		       style_on(strcmp(result, "started") == 0 ? STYLE_GOOD : STYLE_WARN), result,
		       style_off());
		if (strcmp(result, "waits") == 0)
			printf("%s, whose network it joins, does not run\n",
			       json_text(one, "joins", ""));
		else if (strcmp(result, "orphaned") == 0)
			printf("the container whose network it joins is gone\n%-14s cure  %s\n", "",
			       json_text(one, "cure", ""));
		else
			printf("%s\n", problem[0] ? problem : json_text(one, "left", ""));
	}
}

static int rejoin_once(const struct invocation *invocation, struct rejoin *rejoin, bool dry_run)
{
	struct rejoin_list *list = malloc(sizeof(*list));
	json_t *told = json_array();
	bool done = true;
	int code;

	if (list == NULL || told == NULL) {
		code = command_fail(invocation, EXIT_UNKNOWN, "out of memory");
	} else if (rejoin_find(rejoin, list) != ENGINE_OK) {
		code = command_fail(invocation, EXIT_UNKNOWN, "%s", rejoin->engine.problem);
	} else {
		for (size_t i = 0; i < list->count; i++)
			done = rejoin_one(&rejoin->engine, &list->cases[i], dry_run, told) && done;
		if (invocation->json)
			command_print_json(json_pack("{s:s, s:O}", "project", rejoin->project,
						     "containers", told));
		else
			rejoin_print(rejoin->project, told);
		code = done ? EXIT_YES : EXIT_NO;
	}
	json_decref(told);
	free(list);
	return code;
}

/* NULL: it was said what is wrong with it. */
static const char *socket_wanted(const struct invocation *invocation, const char *named)
{
	const char *host = getenv("DOCKER_HOST");

	if (named != NULL)
		return named;
	if (host == NULL || host[0] == '\0')
		return default_socket;
	if (strncmp(host, unix_scheme, sizeof(unix_scheme) - 1) == 0)
		return host + sizeof(unix_scheme) - 1;
	(void)command_fail(invocation, EXIT_USAGE,
			   "DOCKER_HOST is %s, and only a Unix socket can be asked "
			   "(unix:///var/run/docker.sock, or --docker-socket)",
			   host);
	return NULL;
}

int command_rejoin(struct invocation *invocation)
{
	const char *named = NULL, *project = NULL;
	bool watch = false, dry_run = false;
	const struct command_option own[] = {{"docker-socket", .text = &named},
					     {"project", .text = &project},
					     {"watch", .flag = &watch},
					     {"dry-run", .flag = &dry_run},
					     {0}};
	struct rejoin rejoin = {0};

	if (!command_options(invocation, own) || invocation->argc != 0 || (watch && dry_run))
		return EXIT_USAGE;
	if (project != NULL && !engine_name_is_plain(project))
		return command_fail(invocation, EXIT_USAGE, "%s is no name of a Compose project",
				    project);
	if (project != NULL)
		snprintf(rejoin.project, sizeof(rejoin.project), "%s", project);
	rejoin.engine.socket_path = socket_wanted(invocation, named);
	if (rejoin.engine.socket_path == NULL)
		return EXIT_USAGE;
	return watch ? rejoin_watch(&rejoin, invocation->json)
		     : rejoin_once(invocation, &rejoin, dry_run);
}
