/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How threads talk: any thread posts, one thread runs what was posted. No lock; an eventfd wakes
 * the owner. */
#ifndef BASE_MAILBOX_H
#define BASE_MAILBOX_H

#include <stdatomic.h>

#include "base/compiler.h"

/* Embedded in what is sent. run gets the owner given to mailbox_run, and owns the message from then
 * on. */
struct message {
	struct message *next;
	void (*run)(struct message *message, void *owner);
};

struct mailbox {
	_Atomic(struct message *) newest;
	int fd; /* readable when something was posted */
};

/* -1 + errno. */
MUST_CHECK int mailbox_init(struct mailbox *mailbox);

/* What was posted and not run is forgotten, not freed. */
void mailbox_clear(struct mailbox *mailbox);

/* Any thread. */
void mailbox_post(struct mailbox *mailbox, struct message *message);

/* The owner's thread: runs everything posted so far, oldest first. */
void mailbox_run(struct mailbox *mailbox, void *owner);

#endif
