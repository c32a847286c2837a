/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who was left behind, and by whom. */
#include "engine/rejoin.h"

#include <stdio.h>
#include <string.h>

enum {
	HOST_NAME_MIN = 12, /* digits of an id that the engine makes a host name of */
};

/*
 * The engine keeps the reason when an attempt of its own to start a container fails, and forgets it
 * when one succeeds. What a person has stopped did run before, so there is none; and with the
 * policy unless-stopped the engine itself does not try again from then on.
 */
static bool was_left(const struct engine_container *container, const char *project)
{
	return container->ended && container->restarts && container->error[0] != '\0' &&
	       container->owner[0] != '\0' && strcmp(container->project, project) == 0;
}

enum rejoin_verdict rejoin_judge(const struct engine_container *container, const char *project,
				 const struct engine_container *owner)
{
	if (!was_left(container, project))
		return REJOIN_NOTHING;
	if (owner == NULL)
		return REJOIN_ORPHANED;
	return owner->running ? REJOIN_LEFT : REJOIN_WAITS;
}

static enum engine_result rejoin_look_at(struct engine *engine, const char *project, const char *id,
					 struct rejoin_case *found)
{
	struct engine_container owner;
	enum engine_result result = engine_inspect(engine, id, &found->container);

	found->verdict = REJOIN_NOTHING;
	if (result == ENGINE_ABSENT) /* removed since the list was made */
		return ENGINE_OK;
	if (result != ENGINE_OK || !was_left(&found->container, project))
		return result;
	result = engine_inspect(engine, found->container.owner, &owner);
	if (result != ENGINE_OK && result != ENGINE_ABSENT)
		return result;
	found->verdict =
		rejoin_judge(&found->container, project, result == ENGINE_ABSENT ? NULL : &owner);
	snprintf(found->owner, sizeof(found->owner), "%s",
		 result == ENGINE_ABSENT ? found->container.owner : owner.name);
	return ENGINE_OK;
}

enum engine_result rejoin_look(struct engine *engine, const char *project, struct rejoin_list *list)
{
	struct engine_list ids;
	enum engine_result result = engine_list(engine, project, &ids);

	list->count = 0;
	for (size_t i = 0; i < ids.count && result == ENGINE_OK; i++) {
		struct rejoin_case *found = &list->cases[list->count];

		result = rejoin_look_at(engine, project, ids.ids[i], found);
		if (result == ENGINE_OK && found->verdict != REJOIN_NOTHING)
			list->count++;
	}
	return result == ENGINE_OK ? ENGINE_OK : ENGINE_FAILED;
}

enum engine_result rejoin_own_project(struct engine *engine, const char *host_name,
				      char project[ENGINE_NAME_SIZE])
{
	struct engine_container own = {0};
	size_t len = strlen(host_name);
	enum engine_result result = ENGINE_ABSENT;

	/* A name that merely looks like one of the engine's would be somebody else's. */
	if (len >= HOST_NAME_MIN && strspn(host_name, "0123456789abcdef") == len)
		result = engine_inspect(engine, host_name, &own);
	if (result == ENGINE_FAILED)
		return ENGINE_FAILED;
	if (result != ENGINE_OK || strncmp(own.id, host_name, len) != 0 || own.project[0] == '\0') {
		snprintf(engine->problem, sizeof(engine->problem),
			 "this runs in no container of a Compose project that the engine at %s "
			 "knows: name the project by --project",
			 engine->socket_path);
		return ENGINE_FAILED;
	}
	snprintf(project, ENGINE_NAME_SIZE, "%s", own.project);
	return ENGINE_OK;
}
