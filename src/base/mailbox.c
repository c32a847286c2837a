/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stack that many push and one empties at once; reversed, it is a queue. */
#include "base/mailbox.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"

int mailbox_init(struct mailbox *mailbox)
{
	atomic_init(&mailbox->newest, NULL);
	mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return mailbox->fd < 0 ? -1 : 0;
}

void mailbox_clear(struct mailbox *mailbox)
{
	fd_clear(&mailbox->fd);
}

void mailbox_post(struct mailbox *mailbox, struct message *message)
{
	struct message *newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);
	uint64_t one = 1;
	ssize_t written;

	do {
		message->next = newest;
	} while (!atomic_compare_exchange_weak_explicit(
		&mailbox->newest, &newest, message, memory_order_release, memory_order_relaxed));
	/* EAGAIN means that the counter is full: the owner is as awake as can be. */
	written = write(mailbox->fd, &one, sizeof(one));
	(void)written;
}

static struct message *mailbox_take(struct mailbox *mailbox)
{
	struct message *newest =
		atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire);
	struct message *oldest = NULL;

	while (newest != NULL) {
		struct message *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

void mailbox_run(struct mailbox *mailbox, void *owner)
{
	uint64_t count;
	ssize_t got = read(mailbox->fd, &count, sizeof(count));
	struct message *message = mailbox_take(mailbox);

	(void)got;
	while (message != NULL) {
		struct message *next = message->next;

		message->run(message, owner);
		message = next;
	}
}
