/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the file of users says. */
#include "config/users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/password.h"
#include "base/text.h"

struct user {
	const char *name; /* in users.text */
	size_t len;
	const char *hash; /* in users.text, NUL-terminated */
	unsigned line;
};

struct users {
	char *text; /* our own copy of the file; names and hashes point into it */
	struct user *list;
	size_t count, room;
};

static const char *users_problem(const char *path, unsigned line, const char *sentence)
{
	static _Thread_local char bytes[512]; /* "valid until the next call in this thread" */
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	if (line > 0)
		text_add_format(&text, "%s:%u: %s", path, line, sentence);
	else
		text_add_format(&text, "%s: %s", path, sentence);
	return bytes;
}

bool users_name_is_valid(const char *name, size_t len)
{
	if (len == 0 || len > USERS_NAME_MAX_LEN || name[0] == '#')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
			return false;
	}
	return true;
}

static int user_compare(const void *a, const void *b)
{
	const struct user *left = a;
	const struct user *right = b;
	size_t len = left->len < right->len ? left->len : right->len;
	int order = memcmp(left->name, right->name, len);

	if (order != 0)
		return order;
	return (left->len > right->len) - (left->len < right->len);
}

static struct user *users_grow(struct users *users)
{
	if (users->count == users->room) {
		size_t room = users->room ? users->room * 2 : 16;
		struct user *list = reallocarray(users->list, room, sizeof(*list));

		if (!list)
			return NULL;
		users->list = list;
		users->room = room;
	}
	return &users->list[users->count++];
}

/* One line without its end, which is a NUL by now. NULL: fine. */
static const char *users_add_line(struct users *users, char *line, size_t len, unsigned number)
{
	char *colon;
	struct user *user;

	if (memchr(line, '\0', len))
		return "a zero byte stands in this line";
	while (len > 0 && strchr(" \t\r", line[len - 1]))
		line[--len] = '\0';
	if (len == 0 || line[0] == '#')
		return NULL;
	colon = strchr(line, ':');
	if (!colon)
		return "no colon: a line is NAME:HASH, written by 'egressctl passwd'";
	if (!users_name_is_valid(line, (size_t)(colon - line)))
		return "a user's name is 1 to 255 visible ASCII characters without a colon";
	if (!password_hash_is_valid(colon + 1))
		return "what follows the colon is no hash that 'egressctl passwd' would write";
	user = users_grow(users);
	if (!user)
		return "out of memory";
	*user = (struct user){line, (size_t)(colon - line), colon + 1, number};
	return NULL;
}

static int users_add_lines(struct users *users, size_t len, const char *path, const char **problem)
{
	char *line = users->text;
	char *end = users->text + len;
	const char *sentence;

	for (unsigned number = 1; line < end; number++) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		char *stop = newline ? newline : end;

		*stop = '\0';
		sentence = users_add_line(users, line, (size_t)(stop - line), number);
		if (sentence) {
			*problem = users_problem(path, number, sentence);
			return -1;
		}
		line = stop + 1;
	}
	return 0;
}

static int users_sort(struct users *users, const char *path, const char **problem)
{
	if (users->count < 2)
		return 0;
	qsort(users->list, users->count, sizeof(*users->list), user_compare);
	for (size_t i = 1; i < users->count; i++) {
		const struct user *a = &users->list[i - 1];
		const struct user *b = &users->list[i];

		if (user_compare(a, b) == 0) {
			unsigned later = a->line > b->line ? a->line : b->line;

			*problem = users_problem(path, later,
						 "this user stands in the file a second time");
			return -1;
		}
	}
	return 0;
}

struct users *users_parse(const char *path, const char *text, size_t len, const char **problem)
{
	struct users *users = calloc(1, sizeof(*users));

	*problem = users_problem(path, 0, "out of memory");
	if (!users)
		return NULL;
	if (len > USERS_FILE_MAX) {
		*problem = users_problem(path, 0, strerror(EFBIG));
		goto fail;
	}
	users->text = malloc(len + 1);
	if (!users->text)
		goto fail;
	memcpy(users->text, text, len);
	users->text[len] = '\0';
	if (users_add_lines(users, len, path, problem) < 0 || users_sort(users, path, problem) < 0)
		goto fail;
	*problem = NULL;
	return users;
fail:
	users_free(users);
	return NULL;
}

void users_free(struct users *users)
{
	if (!users)
		return;
	free(users->list);
	free(users->text);
	free(users);
}

const char *users_find(const struct users *users, const char *name, size_t len)
{
	const struct user wanted = {.name = name, .len = len};
	const struct user *user;

	if (users->count == 0)
		return NULL;
	user = bsearch(&wanted, users->list, users->count, sizeof(*users->list), user_compare);
	return user ? user->hash : NULL;
}

size_t users_count(const struct users *users)
{
	return users->count;
}
