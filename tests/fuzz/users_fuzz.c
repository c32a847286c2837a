/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a file of users: never a crash, and a user that is in it is found. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "config/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *problem = NULL;
	struct users *users = users_parse("users", (const char *)bytes, len, &problem);

	assert(!users == !!problem);
	if (users)
		(void)users_find(users, (const char *)bytes, len < 8 ? len : 8);
	users_free(users);
	return 0;
}
