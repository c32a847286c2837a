/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every command of egressctl is given, and what it gives back. */
#ifndef EGRESSCTL_COMMAND_H
#define EGRESSCTL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct config;
struct control_answer;
struct firewall_rules;

enum {
	EXIT_YES = 0,
	EXIT_NO = 1,
	EXIT_UNKNOWN = 2, /* could not tell */
	EXIT_USAGE = 3,
};

#define DEFAULT_SOCKET "/run/egressd/control.sock"
#define DEFAULT_CONFIG "/etc/egressd/egress.conf"

struct invocation {
	const char *socket_path;
	const char *config_path;
	bool socket_named; /* --socket was given */
	bool config_named; /* --config was given */
	bool json;
	bool file, udp, watch, preflight, host, strict; /* options of single commands */
	const char *uid, *bridge, *apps;                /* of "rules"; NULL: not given */
	const char *key_file;                           /* of "tunnel"; NULL: not given */
	int argc; /* what is left when the options are taken out */
	char **argv;
};

struct command {
	const char *name;
	const char *arguments; /* as the help shows them */
	const char *summary;   /* one line, no full stop */
	const char *options;   /* "*": it reads all of them itself; letters of its own: f --file, u
				--udp,   w --watch, U --uid, B --bridge, A --apps, S --strict, P
				--preflight, k --key-file */
	const char *help;      /* what more there is to say; ends with a newline */
	bool asks;             /* the daemon: needs to know its socket */
	int (*run)(const struct invocation *invocation);
};

int command_status(const struct invocation *invocation);
int command_health(const struct invocation *invocation);
int command_explain(const struct invocation *invocation);
int command_check(const struct invocation *invocation);
int command_config(const struct invocation *invocation);
int command_connections(const struct invocation *invocation);
int command_reload(const struct invocation *invocation);
int command_apps(const struct invocation *invocation);
int command_passwd(const struct invocation *invocation);
int command_rules(const struct invocation *invocation);
int command_leak_test(const struct invocation *invocation);
int command_doctor(const struct invocation *invocation);
int command_tunnel(const struct invocation *invocation);
int command_version(const struct invocation *invocation);

/* Says what is wrong on standard error, and with --json as {"error"} on standard output. Returns
 * code. */
int command_fail(const struct invocation *invocation, int code, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* The socket that the policy file names, when there is none at the usual place; malloc'd. NULL:
 * none is known but that one. */
char *command_find_socket(const struct invocation *invocation);

/* Asks the daemon. 0: answer has a body and is to be cleared. Otherwise it has been said, and the
 * exit code comes back. */
MUST_CHECK int command_ask(const struct invocation *invocation, const char *method,
			   const char *path, const json_t *body, struct control_answer *answer);

/* Reads the policy file; warnings go to standard error. NULL: it has been said. */
MUST_CHECK struct config *command_load(const struct invocation *invocation);

/* The gateway's rules for the policy, with the options of "rules"; wanted is the caller's to clear
 * in any case. An exit code, EXIT_YES when it is filled; otherwise it has been said. */
MUST_CHECK int command_gateway_rules(const struct invocation *invocation, struct config *config,
				     struct firewall_rules *wanted, uint32_t *uid);

/* On standard output, one document. Takes json. */
void command_print_json(json_t *json);

#endif
