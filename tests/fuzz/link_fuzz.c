/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as rtnetlink messages: the table stays sound and nothing is read past the end. */
#include "../../src/tunnel/link.c"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct link_table table = {0};
	struct link_message message;

	while (link_message_next(&bytes, &len, &message)) {
		link_table_apply(&table, &message);
		for (size_t i = 0; i < table.count; i++) {
			const struct link *link = &table.links[i];

			assert(link->ifindex != 0 && link->address_count <= LINK_ADDRESSES_MAX);
			assert(link->name[0] != '\0' && link->name[IF_NAMESIZE - 1] == '\0');
			assert(link_same_addresses(link, link));
		}
	}
	link_table_clear(&table);
	return 0;
}
