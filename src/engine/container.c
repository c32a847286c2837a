/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the engine's answers: what is not as the engine writes it is not taken. */
#include "engine/container.h"

#include <jansson.h>
#include <string.h>

static const char joins[] = "container:";

bool engine_name_is_plain(const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(name);

	/* Not "." and not "..", which a path would swallow. */
	return len > 0 && len < ENGINE_NAME_SIZE && strspn(name, "._-") == 0 &&
	       strspn(name, plain) == len;
}

static bool id_is_whole(const char *id)
{
	return strlen(id) == ENGINE_ID_SIZE - 1 &&
	       strspn(id, "0123456789abcdef") == ENGINE_ID_SIZE - 1;
}

/* "" when it is not there or no text. jansson takes no NUL inside a text. */
static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* Cut where it does not fit; what could steer a terminal or forge a line becomes '?'. */
static void text_take(char *out, size_t size, const char *text)
{
	size_t len = 0;

	for (; text[len] != '\0' && len < size - 1; len++)
		out[len] = text[len] >= ' ' && text[len] <= '~' ? text[len] : '?';
	out[len] = '\0';
}

static void name_take(char out[ENGINE_NAME_SIZE], const char *name)
{
	text_take(out, ENGINE_NAME_SIZE, engine_name_is_plain(name) ? name : "");
}

/* Whose network a mode has it join; "" for every other mode. */
static const char *mode_owner(const char *mode)
{
	return strncmp(mode, joins, sizeof(joins) - 1) == 0 ? mode + sizeof(joins) - 1 : "";
}

static bool status_is_end(const char *status)
{
	return strcmp(status, "exited") == 0 || strcmp(status, "created") == 0;
}

static bool policy_restarts(const char *policy)
{
	return strcmp(policy, "always") == 0 || strcmp(policy, "unless-stopped") == 0 ||
	       strcmp(policy, "on-failure") == 0;
}

static bool container_take(const json_t *json, struct engine_container *container)
{
	const json_t *state = json_object_get(json, "State");
	const json_t *host = json_object_get(json, "HostConfig");
	const json_t *labels = json_object_get(json_object_get(json, "Config"), "Labels");
	const char *id = text_of(json, "Id"), *name = text_of(json, "Name");
	const char *status = text_of(state, "Status");

	if (!id_is_whole(id) || status[0] == '\0' || !json_is_object(host))
		return false;
	text_take(container->id, sizeof(container->id), id);
	name_take(container->name, name[0] == '/' ? name + 1 : name);
	name_take(container->owner, mode_owner(text_of(host, "NetworkMode")));
	name_take(container->project, text_of(labels, "com.docker.compose.project"));
	name_take(container->service, text_of(labels, "com.docker.compose.service"));
	text_take(container->error, sizeof(container->error), text_of(state, "Error"));
	container->running = strcmp(status, "running") == 0;
	container->ended = status_is_end(status);
	container->restarts =
		policy_restarts(text_of(json_object_get(host, "RestartPolicy"), "Name"));
	return true;
}

bool engine_read_container(const char *bytes, size_t len, struct engine_container *container)
{
	json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	bool taken;

	*container = (struct engine_container){0};
	taken = container_take(json, container);
	json_decref(json);
	return taken;
}

bool engine_read_list(const char *bytes, size_t len, struct engine_list *list)
{
	json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	bool taken = json_is_array(json);
	const json_t *item;
	size_t i;

	list->count = 0;
	json_array_foreach(json, i, item)
	{
		const char *id = text_of(item, "Id");
		const char *mode = text_of(json_object_get(item, "HostConfig"), "NetworkMode");

		taken = taken && id_is_whole(id);
		if (taken && status_is_end(text_of(item, "State")) && mode_owner(mode)[0] != '\0' &&
		    list->count < ENGINE_LIST_MAX)
			text_take(list->ids[list->count++], ENGINE_ID_SIZE, id);
	}
	json_decref(json);
	return taken;
}

void engine_read_message(const char *bytes, size_t len, char message[ENGINE_ERROR_SIZE])
{
	json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);

	text_take(message, ENGINE_ERROR_SIZE, text_of(json, "message"));
	json_decref(json);
}
