/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checking passwords without stopping anybody: one helper thread does the slow hashes, each worker
 * remembers what was right and limits what was wrong.
 */
#ifndef EGRESSD_LOGIN_H
#define EGRESSD_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/address.h"
#include "base/compiler.h"

struct login_checker;
struct login_desk;
struct mailbox;
struct users;

/* The helper thread, one a process. NULL + errno. */
MUST_CHECK struct login_checker *login_checker_new(void);

/* Ends the thread. The workers have ended before; their desks are freed after. */
void login_checker_free(struct login_checker *checker);

enum login_outcome {
	LOGIN_RIGHT,
	LOGIN_WRONG,
	LOGIN_LIMITED, /* too many wrong ones from there, or too many checks waiting */
	LOGIN_LATER,   /* the waiter's done will be called */
};

/* Embedded in who waits. done gets RIGHT or WRONG. */
struct login_waiter {
	void (*done)(struct login_waiter *waiter, enum login_outcome outcome);
	bool waiting;
	LIST_ENTRY(login_waiter) link;
};

/* A worker's side; answers come through the worker's mailbox. NULL + errno. */
MUST_CHECK struct login_desk *login_desk_new(struct login_checker *checker,
					     struct mailbox *mailbox);
void login_desk_free(struct login_desk *desk);

/* Is it the password? With LOGIN_LATER the waiter must live until done is called or login_forget.
 */
enum login_outcome login_check(struct login_desk *desk, const struct users *users,
			       const struct address *from, const char *user, size_t user_len,
			       const char *password, size_t password_len,
			       struct login_waiter *waiter);

/* The waiter no longer waits. Safe when it does not. */
void login_forget(struct login_waiter *waiter);

#endif
