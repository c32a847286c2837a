/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as an answer of the Docker engine: never a crash, nothing that could steer a terminal,
 * and no name that leads a question elsewhere. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "engine/rejoin.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void assert_plain(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	assert(len < size);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

static void assert_leads_nowhere(const char *name)
{
	assert_plain(name, ENGINE_NAME_SIZE);
	assert(strpbrk(name, "/?%# \\") == NULL && name[0] != '.');
}

static void assert_id(const char *id)
{
	assert(strlen(id) == ENGINE_ID_SIZE - 1 &&
	       strspn(id, "0123456789abcdef") == ENGINE_ID_SIZE - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes;
	const struct engine_container owner = {.running = true};
	struct engine_container container;
	static struct engine_list list;
	char message[ENGINE_ERROR_SIZE];

	if (engine_read_container(text, len, &container)) {
		assert_id(container.id);
		assert_leads_nowhere(container.name);
		assert_leads_nowhere(container.owner);
		assert_leads_nowhere(container.project);
		assert_leads_nowhere(container.service);
		assert_plain(container.error, sizeof(container.error));
		assert(!(container.running && container.ended));
		if (rejoin_judge(&container, "stack", &owner) == REJOIN_LEFT)
			assert(container.error[0] != '\0' && container.restarts);
	}
	if (engine_read_list(text, len, &list)) {
		for (size_t i = 0; i < list.count; i++)
			assert_id(list.ids[i]);
	}
	engine_read_message(text, len, message);
	assert_plain(message, sizeof(message));
	return 0;
}
