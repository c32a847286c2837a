/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The few questions that the engine is asked. */
#include "engine/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "control/unix_http.h"

enum {
	ANSWER_MAX = 4 << 20, /* a container is told of in some 10 KiB */
	TIMEOUT_MS = 5000,
	START_TIMEOUT_MS = 60000, /* the engine answers when it runs */
	PATH_SIZE = 512,
};

static void engine_explain(struct engine *engine, enum unix_http_outcome outcome)
{
	static const char *const formats[] = {
		[UNIX_HTTP_FORBIDDEN] = ("%s may not be opened: the Docker engine lets only "
					 "root and its group ask it"),
		[UNIX_HTTP_LATE] = "the Docker engine at %s does not answer in time",
		[UNIX_HTTP_TOO_MUCH] = "what listens at %s answers with more than can be taken",
		[UNIX_HTTP_ODD] = "what listens at %s is no Docker engine",
		[UNIX_HTTP_NO_MEMORY] = "out of memory, asking the Docker engine at %s",
	};
	const char *format = formats[outcome];
	struct stat status;

	if (outcome == UNIX_HTTP_NOBODY && stat(engine->socket_path, &status) == 0 &&
	    S_ISSOCK(status.st_mode))
		format = "no Docker engine answers at %s: is it running?";
	else if (outcome == UNIX_HTTP_NOBODY)
		format =
			"there is no socket of a Docker engine at %s: name it by --docker-socket "
			"or DOCKER_HOST; for the keeper by DOCKER_SOCKET in .env, or go without by "
			"COMPOSE_PROFILES";
	snprintf(engine->problem, sizeof(engine->problem), format, engine->socket_path);
}

/* The engine's own words, where it has some. */
static enum engine_result engine_judge(struct engine *engine, const struct unix_http_answer *answer)
{
	char message[ENGINE_ERROR_SIZE];

	if (answer->status >= 200 && answer->status < 400)
		return ENGINE_OK;
	engine_read_message(unix_http_text(answer), buffer_len(&answer->body), message);
	snprintf(engine->problem, sizeof(engine->problem), "%s",
		 message[0] != '\0' ? message : "the Docker engine does not say why");
	return answer->status == 404 ? ENGINE_ABSENT : ENGINE_REFUSED;
}

static enum engine_result engine_ask(struct engine *engine, const char *method, const char *path,
				     long timeout_ms, struct unix_http_answer *answer)
{
	const struct unix_http_request request = {.socket_path = engine->socket_path,
						  .method = method,
						  .path = path,
						  .body = method[0] == 'P' ? "" : NULL,
						  .answer_max = ANSWER_MAX,
						  .timeout_ms = timeout_ms};
	enum unix_http_outcome outcome = unix_http_ask(&request, answer);

	engine->problem[0] = '\0';
	if (outcome == UNIX_HTTP_ANSWERED)
		return engine_judge(engine, answer);
	engine_explain(engine, outcome);
	return ENGINE_FAILED;
}

static enum engine_result engine_misread(struct engine *engine)
{
	engine_explain(engine, UNIX_HTTP_ODD);
	return ENGINE_FAILED;
}

enum engine_result engine_inspect(struct engine *engine, const char *name,
				  struct engine_container *container)
{
	struct unix_http_answer answer;
	enum engine_result result;
	char path[PATH_SIZE];

	*container = (struct engine_container){0};
	snprintf(path, sizeof(path), "/containers/%s/json", name);
	result = engine_ask(engine, "GET", path, TIMEOUT_MS, &answer);
	if (result == ENGINE_OK &&
	    !engine_read_container(unix_http_text(&answer), buffer_len(&answer.body), container))
		result = engine_misread(engine);
	unix_http_answer_clear(&answer);
	return result;
}

enum engine_result engine_list(struct engine *engine, const char *project, struct engine_list *list)
{
	struct unix_http_answer answer;
	enum engine_result result;
	char path[PATH_SIZE];

	list->count = 0;
	/* {"label":["com.docker.compose.project=NAME"]} */
	snprintf(path, sizeof(path),
		 "/containers/json?all=1&filters="
		 "%%7B%%22label%%22:%%5B%%22com.docker.compose.project=%s%%22%%5D%%7D",
		 project);
	result = engine_ask(engine, "GET", path, TIMEOUT_MS, &answer);
	if (result == ENGINE_OK &&
	    !engine_read_list(unix_http_text(&answer), buffer_len(&answer.body), list))
		result = engine_misread(engine);
	unix_http_answer_clear(&answer);
	return result;
}

enum engine_result engine_start(struct engine *engine, const char *id)
{
	struct unix_http_answer answer;
	enum engine_result result;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/containers/%s/start", id);
	result = engine_ask(engine, "POST", path, START_TIMEOUT_MS, &answer);
	unix_http_answer_clear(&answer);
	return result;
}

enum engine_result engine_await_start(struct engine *engine, int64_t since_wall_ms, long timeout_ms)
{
	struct unix_http_request request = {.socket_path = engine->socket_path,
					    .method = "GET",
					    .answer_max = ANSWER_MAX,
					    .timeout_ms = timeout_ms,
					    .until_first = true};
	struct unix_http_answer answer;
	enum unix_http_outcome outcome;
	char path[PATH_SIZE];

	/* {"type":["container"],"event":["start"]} */
	snprintf(path, sizeof(path),
		 "/events?since=%" PRId64 ".%03" PRId64 "000000&filters="
		 "%%7B%%22type%%22:%%5B%%22container%%22%%5D,%%22event%%22:%%5B%%22start%%22%%5D%%"
		 "7D",
		 since_wall_ms / 1000, since_wall_ms % 1000);
	request.path = path;
	outcome = unix_http_ask(&request, &answer);
	unix_http_answer_clear(&answer);
	if (outcome == UNIX_HTTP_LATE)
		return ENGINE_OK;
	return outcome == UNIX_HTTP_ANSWERED && answer.status == 200 ? ENGINE_OK : ENGINE_FAILED;
}
