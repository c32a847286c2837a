/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every command of egressctl is given, and what it gives back. */
#ifndef EGRESSCTL_COMMAND_H
#define EGRESSCTL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

#include "base/compiler.h"

struct config;
struct control_answer;

enum {
	EXIT_YES = 0,
	EXIT_NO = 1,
	EXIT_UNKNOWN = 2, /* could not tell */
	EXIT_USAGE = 3,
};

#define DEFAULT_SOCKET "/run/egressd/control.sock"
#define DEFAULT_CONFIG "/etc/egressd/egress.conf"

struct command;

/* What is the same for all commands. */
struct invocation {
	const struct command *command; /* NULL: it is not known yet */
	const char *socket_path;
	const char *config_path;
	bool socket_named; /* --socket was given */
	bool config_named; /* --config was given */
	bool json;
	bool help;  /* --help was given, and nothing else counts */
	bool begun; /* the command line was understood: EXIT_USAGE is about something else */
	int argc;   /* what is left when the options are taken out */
	char **argv;
	char *socket_found; /* what socket_path points to when it was looked for */
};

/* An option of a command's own. */
struct command_option {
	const char *name;
	const char **text; /* takes its value; NULL: it has none */
	bool *flag;        /* becomes true */
};

struct command {
	const char *name;
	const char *arguments; /* as the help shows them */
	const char *summary;   /* one line, no full stop */
	const char *options;   /* of its own, as the help shows them */
	const char *help;      /* what more there is to say; ends with a newline */
	bool asks;             /* the daemon, whatever its options are: needs to know its socket */
	int (*run)(struct invocation *invocation);
};

int command_status(struct invocation *invocation);
int command_health(struct invocation *invocation);
int command_explain(struct invocation *invocation);
int command_check(struct invocation *invocation);
int command_config(struct invocation *invocation);
int command_connections(struct invocation *invocation);
int command_reload(struct invocation *invocation);
int command_apps(struct invocation *invocation);
int command_passwd(struct invocation *invocation);
int command_rules(struct invocation *invocation);
int command_leak_test(struct invocation *invocation);
int command_doctor(struct invocation *invocation);
int command_tunnel(struct invocation *invocation);
int command_rejoin(struct invocation *invocation);
int command_version(struct invocation *invocation);

/* Takes the options off the command line: the shared ones into the invocation, and the command's
 * own (ends with an entry without a name; NULL: none) to their places. False: one is wrong, or
 * --help was given; the command ends with EXIT_USAGE. */
MUST_CHECK bool command_options(struct invocation *invocation, const struct command_option *own);

/* Says what is wrong on standard error, and with --json as {"error"} on standard output. Returns
 * code. */
int command_fail(const struct invocation *invocation, int code, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Unless --socket was given or egressd's is at the usual place: the socket that the policy names.
 */
void command_find_socket(struct invocation *invocation);

/* Asks the daemon. 0: answer has a body and is to be cleared. Otherwise it has been said, and the
 * exit code comes back. */
MUST_CHECK int command_ask(const struct invocation *invocation, const char *method,
			   const char *path, const json_t *body, struct control_answer *answer);

/* Asks the daemon what it tells at that path. 0: it does, and answer is to be cleared. Otherwise it
 * has been said, and the exit code comes back. */
MUST_CHECK int command_read(const struct invocation *invocation, const char *path,
			    struct control_answer *answer);

/* Reads the policy file; warnings go to standard error. NULL: it has been said. */
MUST_CHECK struct config *command_load(const struct invocation *invocation);

/* On standard output, one document. Takes json. */
void command_print_json(json_t *json);

#endif
