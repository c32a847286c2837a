/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker's desk for logins. Right ones are remembered under a keyed hash of source, user,
 * password and stored hash, so that a changed password is forgotten by itself; wrong ones are
 * counted by source address.
 */
#include "egressd/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "config/users.h"
#include "login_checker.h"

enum {
	LOGIN_CACHE_SIZE = 256, /* powers of two */
	LOGIN_FAILURES_SIZE = 1024,
	LOGIN_CACHE_MS = 10 * 60 * 1000,
	LOGIN_PENDING_MAX = 8,        /* checks of one source at a time */
	LOGIN_FAILURES_MAX = 5,       /* wrong ones at once, then ... */
	LOGIN_FAILURE_MS = 10 * 1000, /* ... one in so long */
};

/* 128 bits of keyed hash: as good as the password itself to tell two logins apart, and nothing to
 * steal. */
struct login_mark {
	uint64_t high, low;
};

struct login_known {
	struct login_mark mark;
	int64_t until_ms;
};

/* A leaky bucket: each wrong password pushes drained_at_ms on. */
struct login_failures {
	struct address from;
	int64_t drained_at_ms;
};

struct login_pending {
	struct login_job job; /* first: the job's message is what comes back */
	struct login_desk *desk;
	struct login_mark mark;
	struct address from;
	LIST_HEAD(, login_waiter) waiters;
	LIST_ENTRY(login_pending) link;
};

struct login_desk {
	struct login_checker *checker;
	struct mailbox *mailbox;
	struct hash_key keys[2];
	struct login_known known[LOGIN_CACHE_SIZE];
	struct login_failures failures[LOGIN_FAILURES_SIZE];
	LIST_HEAD(, login_pending) pending;
};

struct login_desk *login_desk_new(struct login_checker *checker, struct mailbox *mailbox)
{
	struct login_desk *desk = calloc(1, sizeof(*desk));

	if (desk == NULL)
		return NULL;
	desk->checker = checker;
	desk->mailbox = mailbox;
	desk->keys[0] = hash_key_random();
	desk->keys[1] = hash_key_random();
	LIST_INIT(&desk->pending);
	return desk;
}

void login_desk_free(struct login_desk *desk)
{
	struct login_pending *pending;

	if (desk == NULL)
		return;
	while ((pending = LIST_FIRST(&desk->pending)) != NULL) {
		LIST_REMOVE(pending, link);
		free(pending);
	}
	free(desk);
}

/* The source is part of it: who may not guess any more must not find out from what others were
 * granted. */
static struct login_mark login_mark_of(const struct login_desk *desk, const struct address *from,
				       const char *user, size_t user_len, const char *password,
				       size_t password_len, const char *hash)
{
	char all[16 + 2 + 255 + 255 + PASSWORD_HASH_SIZE];
	size_t hash_len = strlen(hash);
	size_t len = address_len(from);
	struct login_mark mark;

	memcpy(all, from->bytes, len);
	all[len++] = (char)user_len;
	memcpy(all + len, user, user_len);
	len += user_len;
	all[len++] = (char)password_len;
	memcpy(all + len, password, password_len);
	len += password_len;
	memcpy(all + len, hash, hash_len);
	len += hash_len;
	mark.high = hash_bytes(&desk->keys[0], all, len);
	mark.low = hash_bytes(&desk->keys[1], all, len);
	explicit_bzero(all, sizeof(all));
	return mark;
}

static bool login_mark_equals(const struct login_mark *a, const struct login_mark *b)
{
	return ((a->high ^ b->high) | (a->low ^ b->low)) == 0;
}

static struct login_failures *login_failures_of(struct login_desk *desk, const struct address *from)
{
	uint64_t hash = hash_bytes(&desk->keys[0], from->bytes, address_len(from));
	struct login_failures *failures = &desk->failures[hash % LOGIN_FAILURES_SIZE];

	if (!address_equals(&failures->from, from)) {
		failures->from = *from;
		failures->drained_at_ms = 0;
	}
	return failures;
}

static bool login_is_limited(struct login_desk *desk, const struct address *from)
{
	const struct login_failures *failures = login_failures_of(desk, from);

	return failures->drained_at_ms - clock_monotonic_ms() >
	       (LOGIN_FAILURES_MAX - 1) * (int64_t)LOGIN_FAILURE_MS;
}

static void login_count_failure(struct login_desk *desk, const struct address *from)
{
	struct login_failures *failures = login_failures_of(desk, from);
	int64_t now_ms = clock_monotonic_ms();

	if (failures->drained_at_ms < now_ms)
		failures->drained_at_ms = now_ms;
	failures->drained_at_ms += LOGIN_FAILURE_MS;
}

static void login_remember(struct login_desk *desk, const struct login_mark *mark)
{
	struct login_known *known = &desk->known[mark->high % LOGIN_CACHE_SIZE];

	known->mark = *mark;
	known->until_ms = clock_monotonic_ms() + LOGIN_CACHE_MS;
}

static bool login_is_known(const struct login_desk *desk, const struct login_mark *mark)
{
	const struct login_known *known = &desk->known[mark->high % LOGIN_CACHE_SIZE];

	return login_mark_equals(&known->mark, mark) && known->until_ms > clock_monotonic_ms();
}

/* In the worker's thread, out of its mailbox. */
static void login_on_answer(struct message *message, void *owner)
{
	struct login_pending *pending = (void *)message;
	struct login_desk *desk = pending->desk;
	bool right = pending->job.right;
	struct login_waiter *waiter;

	(void)owner;
	LIST_REMOVE(pending, link);
	if (right)
		login_remember(desk, &pending->mark);
	else
		login_count_failure(desk, &pending->from);
	while ((waiter = LIST_FIRST(&pending->waiters)) != NULL) {
		login_forget(waiter);
		waiter->done(waiter, right ? LOGIN_RIGHT : LOGIN_WRONG);
	}
	free(pending);
}

/* A client that opens many connections at once asks the same thing as often: it is checked once. */
static struct login_pending *login_find_pending(struct login_desk *desk,
						const struct login_mark *mark)
{
	struct login_pending *pending;

	LIST_FOREACH(pending, &desk->pending, link)
	{
		if (login_mark_equals(&pending->mark, mark))
			return pending;
	}
	return NULL;
}

/* One source must not fill the queue with guesses: others wait in it too. */
static unsigned login_count_pending(const struct login_desk *desk, const struct address *from)
{
	const struct login_pending *pending;
	unsigned count = 0;

	LIST_FOREACH(pending, &desk->pending, link)
	count += address_equals(&pending->from, from);
	return count;
}

static struct login_pending *login_start(struct login_desk *desk, const struct login_mark *mark,
					 const struct address *from, const char *password,
					 size_t password_len, const char *hash)
{
	struct login_pending *pending = calloc(1, sizeof(*pending));

	if (pending == NULL)
		return NULL;
	pending->job.answer.run = login_on_answer;
	pending->job.mailbox = desk->mailbox;
	pending->job.password_len = password_len;
	memcpy(pending->job.password, password, password_len);
	memcpy(pending->job.hash, hash, strlen(hash) + 1);
	pending->desk = desk;
	pending->mark = *mark;
	pending->from = *from;
	LIST_INIT(&pending->waiters);
	if (login_checker_add(desk->checker, &pending->job) < 0) {
		free(pending);
		return NULL;
	}
	LIST_INSERT_HEAD(&desk->pending, pending, link);
	return pending;
}

enum login_outcome login_check(struct login_desk *desk, const struct users *users,
			       const struct address *from, const char *user, size_t user_len,
			       const char *password, size_t password_len,
			       struct login_waiter *waiter)
{
	/* A user that is not there costs as much time as one that is, so that names cannot be
	 * guessed by the clock. */
	static const char nobody[] = "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA==$"
				     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	const char *hash;
	struct login_pending *pending;
	struct login_mark mark;

	if (user_len > 255 || password_len > 255)
		return LOGIN_WRONG;
	/*
	 * A name is never cut at a NUL. A password must not have one at all: HMAC, and so scrypt,
	 * pads keys with zeros, and would take "secret" and "secret\0" for the same.
	 */
	if (memchr(user, '\0', user_len) != NULL || memchr(password, '\0', password_len) != NULL)
		return LOGIN_WRONG;
	hash = users_find(users, user, user_len);
	if (hash == NULL)
		hash = nobody;
	mark = login_mark_of(desk, from, user, user_len, password, password_len, hash);
	if (login_is_known(desk, &mark))
		return LOGIN_RIGHT;
	if (login_is_limited(desk, from))
		return LOGIN_LIMITED;
	pending = login_find_pending(desk, &mark);
	if (pending == NULL && login_count_pending(desk, from) >= LOGIN_PENDING_MAX)
		return LOGIN_LIMITED;
	if (pending == NULL)
		pending = login_start(desk, &mark, from, password, password_len, hash);
	if (pending == NULL)
		return LOGIN_LIMITED;
	waiter->waiting = true;
	LIST_INSERT_HEAD(&pending->waiters, waiter, link);
	return LOGIN_LATER;
}

void login_forget(struct login_waiter *waiter)
{
	if (waiter->waiting)
		LIST_REMOVE(waiter, link);
	waiter->waiting = false;
}
