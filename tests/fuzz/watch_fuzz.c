/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the kernel's word of changed rules: nothing is read past the end, and it ends. */
#include "../../src/firewall/watch.c"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	/* As from a socket: aligned, and not a byte longer than what came. */
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	const uint8_t *at = copy;
	size_t left = len;
	struct watch_message message;

	if (copy == NULL)
		return 0;
	memcpy(copy, bytes, len);
	while (watch_message_next(&at, &left, &message)) {
		assert(at + left == copy + len);
		assert(message.program[WATCH_PROGRAM_SIZE - 1] == '\0');
		if (message.kind == WATCH_CHANGE)
			assert(message.table >= (const char *)copy &&
			       message.table + message.table_len <= (const char *)copy + len);
		(void)watch_message_names(&message, "egressd");
	}
	free(copy);
	return 0;
}
