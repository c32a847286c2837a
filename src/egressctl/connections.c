/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl connections: a table of them, once or each second; and ending one. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

static void connections_add(struct table *table, const json_t *connection, int64_t now_ms)
{
	char endpoint[CELL_SIZE];
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, json_number(connection, "id"));
	table_add(table, text);
	table_add(table, json_text(connection, "client", "-"));
	table_add(table, json_text(connection, "user", "-"));
	table_add(table, json_text(connection, "method", "-"));
	table_add(table, json_endpoint(connection, endpoint));
	table_add(table, json_text(connection, "egress", "-"));
	snprintf(text, sizeof(text), "%" PRId64, json_number(connection, "epoch"));
	table_add(table, text);
	table_add(table, json_text(connection, "state", "-"));
	table_add(table, format_duration(now_ms - json_number(connection, "started_at_ms"), text));
	table_add(table, format_bytes((uint64_t)json_number(connection, "bytes_received"), text));
	table_add(table, format_bytes((uint64_t)json_number(connection, "bytes_sent"), text));
}

static void connections_print(const json_t *answer)
{
	struct table table = {.column_count = 11,
			      .elastic = 4,
			      .columns = {{.title = "ID", .right = true},
					  {.title = "CLIENT"},
					  {.title = "USER", .extra = true},
					  {.title = "METHOD", .extra = true},
					  {.title = "HOST"},
					  {.title = "EGRESS"},
					  {.title = "EPOCH", .right = true, .extra = true},
					  {.title = "STATE"},
					  {.title = "AGE", .right = true},
					  {.title = "IN", .right = true},
					  {.title = "OUT", .right = true}}};
	const json_t *list = json_object_get(answer, "connections");
	const json_t *connection;
	size_t i;

	if (json_array_size(list) == 0) {
		printf("%sno connections are open%s\n", style_on(STYLE_DIM), style_off());
		return;
	}
	json_array_foreach(list, i, connection)
		connections_add(&table, connection, json_number(answer, "now_ms"));
	table_print(&table);
	table_clear(&table);
}

static int connections_show(const struct invocation *invocation, bool anew)
{
	struct control_answer answer;
	int code = command_read(invocation, "/v1/connections", &answer);

	if (code != 0)
		return code;
	if (anew && isatty(STDOUT_FILENO) && !invocation->json)
		fputs("\033[H\033[2J", stdout);
	if (invocation->json)
		command_print_json(json_incref(answer.body));
	else
		connections_print(answer.body);
	fflush(stdout);
	control_answer_clear(&answer);
	return code;
}

/* Until ^C, which is how one says that one has seen enough: no failure. */
static int connections_watch(const struct invocation *invocation)
{
	const struct timespec second = {.tv_sec = 1};
	sigset_t interrupt;
	int code;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigaddset(&interrupt, SIGTERM);
	sigprocmask(SIG_BLOCK, &interrupt, NULL);
	do {
		code = connections_show(invocation, true);
	} while (code == EXIT_YES && !ferror(stdout) &&
		 sigtimedwait(&interrupt, NULL, &second) < 0);
	return code;
}

static int connections_kill(const struct invocation *invocation, const char *id)
{
	struct control_answer answer;
	char path[64];
	int code;

	if (id[0] == '\0' || strspn(id, "0123456789") != strlen(id) || strlen(id) > 20)
		return EXIT_USAGE;
	snprintf(path, sizeof(path), "/v1/connections/%s", id);
	code = command_ask(invocation, "DELETE", path, NULL, &answer);
	if (code != 0)
		return code;
	if (answer.status != 200)
		code = command_fail(invocation, answer.status == 404 ? EXIT_NO : EXIT_UNKNOWN, "%s",
				    json_text(answer.body, "error", "egressd did not do it"));
	else if (invocation->json)
		command_print_json(json_incref(answer.body));
	else
		printf("connection %s was ended\n", id);
	control_answer_clear(&answer);
	return code;
}

int command_connections(struct invocation *invocation)
{
	bool watch = false;
	const struct command_option own[] = {{"watch", .flag = &watch}, {0}};

	if (!command_options(invocation, own))
		return EXIT_USAGE;
	if (invocation->argc == 2 && strcmp(invocation->argv[0], "kill") == 0)
		return connections_kill(invocation, invocation->argv[1]);
	if (invocation->argc != 0)
		return EXIT_USAGE;
	return watch ? connections_watch(invocation) : connections_show(invocation, false);
}
