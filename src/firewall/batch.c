/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One stretch of memory that goes to the kernel in one send: two would not be atomic. */
#include "batch.h"
#include "nf_tables.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Room for one more message, whatever it is. */
static bool batch_reserve(struct batch *batch)
{
	size_t size = batch->size == 0 ? (size_t)2 * BATCH_ROOM : batch->size * 2;
	size_t last = batch->last == NULL ? 0 : (size_t)((char *)batch->last - batch->bytes);
	char *bytes;

	if (batch->failed)
		return false;
	if (batch->size - batch->len >= BATCH_ROOM)
		return true;
	bytes = realloc(batch->bytes, size);
	if (bytes == NULL) {
		batch->failed = true;
		return false;
	}
	/* What messages are padded with goes to the kernel too. */
	memset(bytes + batch->size, 0, size - batch->size);
	batch->bytes = bytes;
	batch->size = size;
	if (batch->last != NULL)
		batch->last = (struct nlmsghdr *)(void *)(bytes + last);
	return true;
}

static uint32_t batch_note(struct batch *batch, const char *needs)
{
	struct batch_note *notes = array_more(batch->notes, batch->note_count, sizeof(*notes));

	if (notes == NULL) {
		batch->failed = true;
		return 0;
	}
	batch->notes = notes;
	notes[batch->note_count].needs = needs;
	return (uint32_t)batch->note_count++;
}

uint8_t family_number(enum ruleset_family family)
{
	return family == RULESET_NETDEV ? NFPROTO_NETDEV : NFPROTO_INET;
}

void batch_init(struct batch *batch, enum ruleset_family family)
{
	*batch = (struct batch){.family = family_number(family)};
	if (!batch_reserve(batch))
		return;
	nftnl_batch_begin(batch->bytes, batch_note(batch, "nf_tables"));
	batch->len = ((struct nlmsghdr *)(void *)batch->bytes)->nlmsg_len;
}

void batch_clear(struct batch *batch)
{
	free(batch->bytes);
	free(batch->notes);
	*batch = (struct batch){0};
}

struct nlmsghdr *batch_begin(struct batch *batch, uint16_t type, uint16_t flags, const char *needs)
{
	uint32_t sequence;

	if (!batch_reserve(batch))
		return NULL;
	sequence = batch_note(batch, needs);
	return nftnl_nlmsg_build_hdr(batch->bytes + batch->len, type, batch->family, flags,
				     sequence);
}

void batch_end(struct batch *batch, struct nlmsghdr *message)
{
	batch->last = message;
	/* The next one begins at a multiple of four. */
	batch->len += (message->nlmsg_len + 3U) & ~3U;
}

int batch_finish(struct batch *batch)
{
	struct nlmsghdr *end;

	if (!batch_reserve(batch) || batch->last == NULL) {
		errno = ENOMEM;
		return -1;
	}
	/* One answer in all: one for each message can be more than the socket holds. */
	batch->last->nlmsg_flags |= NLM_F_ACK;
	end = nftnl_batch_end(batch->bytes + batch->len, batch_note(batch, "nf_tables"));
	batch->len += end->nlmsg_len;
	if (!batch->failed)
		return 0;
	errno = ENOMEM;
	return -1;
}

const char *batch_needs(const struct batch *batch, uint32_t sequence)
{
	return sequence < batch->note_count ? batch->notes[sequence].needs : "nf_tables";
}
