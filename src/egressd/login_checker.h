/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the worker's desk hands to the helper thread. Private to login. */
#ifndef EGRESSD_LOGIN_CHECKER_H
#define EGRESSD_LOGIN_CHECKER_H

#include "base/mailbox.h"
#include "base/password.h"
#include "egressd/login.h"

/* One password to check. The thread writes right, then posts answer to the worker's mailbox. */
struct login_job {
	struct message answer;
	struct mailbox *mailbox;
	bool right;
	char hash[PASSWORD_HASH_SIZE];
	size_t password_len;
	char password[256];
	TAILQ_ENTRY(login_job) link;
};

/* -1 + EAGAIN: too many wait already. */
MUST_CHECK int login_checker_add(struct login_checker *checker, struct login_job *job);

#endif
