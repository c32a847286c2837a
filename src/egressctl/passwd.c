/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl passwd: sets a user's password in a file of users. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/password.h"
#include "config/users.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

enum {
	PASSWORD_MAX = 255, /* RFC 1929 2 */
	LINE_SIZE = PASSWORD_MAX + 3,
};

/*
 * One line without its end. Byte by byte: what follows is not ours to take. mask is the signals
 * blocked while it waits. -1: end, error, or a signal.
 */
static ssize_t line_read(int fd, char line[LINE_SIZE], const sigset_t *mask)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	size_t len = 0;

	while (len < LINE_SIZE - 1) {
		ssize_t got = ppoll(&ready, 1, NULL, mask) < 0 ? -1 : read(fd, line + len, 1);

		if (got < 0 || (got == 0 && len == 0))
			return -1;
		if (got == 0 || line[len] == '\n')
			break;
		len++;
	}
	if (len > 0 && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	return (ssize_t)len;
}

static void on_interrupt(int signal)
{
	(void)signal; /* ppoll() comes back with EINTR, and the echo is switched on again */
}

/* Asks without echo. However it ends, the terminal is left as it was. */
static ssize_t line_ask(const char *question, char line[LINE_SIZE])
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	struct sigaction old_actions[ARRAY_LEN(signals)];
	const struct sigaction action = {.sa_handler = on_interrupt};
	struct termios old, quiet;
	sigset_t blocked, old_mask;
	ssize_t len;

	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return -1;
	quiet = old;
	quiet.c_lflag &= (tcflag_t) ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		sigaction(signals[i], &action, &old_actions[i]);
		sigaddset(&blocked, signals[i]);
	}
	/* Let in by ppoll() alone: one that came before it would go unseen. */
	sigprocmask(SIG_BLOCK, &blocked, &old_mask);
	/* The question comes after the flush: no part of the answer may fall into it. */
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fputs(question, stderr);
	len = line_read(STDIN_FILENO, line, &old_mask);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &old_actions[i], NULL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	return len;
}

/* NULL: password has len bytes. Otherwise why not. */
static const char *password_read(char password[LINE_SIZE], size_t *len)
{
	char again[LINE_SIZE];
	ssize_t got, got_again;
	bool same;

	if (!isatty(STDIN_FILENO)) {
		got = line_read(STDIN_FILENO, password, NULL);
	} else {
		got = line_ask("New password: ", password);
		if (got < 0)
			return "nothing was changed";
		got_again = line_ask("Once more: ", again);
		same = got_again == got && memcmp(password, again, (size_t)got) == 0;
		explicit_bzero(again, sizeof(again));
		if (!same)
			return "these were two different passwords; nothing was changed";
	}
	if (got <= 0)
		return "an empty password protects nothing; nothing was changed";
	if (got > PASSWORD_MAX)
		return "a password is 255 bytes at most; nothing was changed";
	if (memchr(password, '\0', (size_t)got))
		return "a password has no zero byte; nothing was changed";
	*len = (size_t)got;
	return NULL;
}

static const char *passwd_problem(int error)
{
	switch (error) {
	case EINVAL:
		return "it is no file of users as it stands, and so it is left alone";
	case EBUSY:
		return "it is mounted by itself and cannot be replaced: mount its folder instead";
	default:
		return strerror(error);
	}
}

int command_passwd(struct invocation *invocation)
{
	char password[LINE_SIZE];
	char hash[PASSWORD_HASH_SIZE];
	const char *path, *problem;
	size_t len;
	int hashed;

	if (!command_options(invocation, NULL) || invocation->argc != 2)
		return EXIT_USAGE;
	path = invocation->argv[0];
	if (!users_name_is_valid(invocation->argv[1], strlen(invocation->argv[1])))
		return command_fail(invocation, EXIT_USAGE,
				    "a user's name is 1 to 255 visible ASCII characters without a "
				    "colon");
	problem = password_read(password, &len);
	if (problem) {
		explicit_bzero(password, sizeof(password));
		return command_fail(invocation, EXIT_NO, "%s", problem);
	}
	hashed = password_hash(password, len, hash);
	explicit_bzero(password, sizeof(password));
	if (hashed < 0)
		return command_fail(invocation, EXIT_UNKNOWN, "no hash: %s", strerror(errno));
	if (users_file_set(path, invocation->argv[1], hash) < 0)
		return command_fail(invocation, EXIT_UNKNOWN, "%s: %s", path,
				    passwd_problem(errno));
	if (invocation->json)
		command_print_json(json_pack("{s:o, s:s}", "file", json_words(path), "user",
					     invocation->argv[1]));
	else
		printf("%s: the password of %s is set; 'egressctl reload' makes it count\n", path,
		       invocation->argv[1]);
	return EXIT_YES;
}
