/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl leak-test: its options, and running it. */
#include "egressctl/leak_test.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "egressctl/command.h"
#include "egressctl/print.h"
#include "firewall/derive.h"

struct leak_command {
	struct invocation invocation;
	struct leak_options options;
	struct firewall_rules wanted; /* options point to it */
	const char *apps[8];          /* and to these */
	bool strict, list, wrong;
};

enum option_value {
	OPTION_ONLY = 256,
	OPTION_LIST,
	OPTION_STRICT,
	OPTION_DISRUPTIVE,
	OPTION_DIRECT_QUERY,
	OPTION_NETNS,
	OPTION_HOST,
	OPTION_DEVICE,
	OPTION_PCAP,
	OPTION_PROXY,
	OPTION_EXIT_URL,
	OPTION_EXIT_URL6,
	OPTION_ECHO_URL,
	OPTION_REBINDING_NAME,
	OPTION_REAL_ADDRESS,
	OPTION_TARGET,
	OPTION_ENDPOINT,
	OPTION_DOWN,
	OPTION_UP,
};

static const struct option options[] = {
	{"socket", required_argument, NULL, 's'},
	{"config", required_argument, NULL, 'c'},
	{"json", no_argument, NULL, 'j'},
	{"uid", required_argument, NULL, 'U'},
	{"apps", required_argument, NULL, 'A'},
	{"only", required_argument, NULL, OPTION_ONLY},
	{"list", no_argument, NULL, OPTION_LIST},
	{"strict", no_argument, NULL, OPTION_STRICT},
	{"disruptive", no_argument, NULL, OPTION_DISRUPTIVE},
	{"direct-query", no_argument, NULL, OPTION_DIRECT_QUERY},
	{"netns", required_argument, NULL, OPTION_NETNS},
	{"host", required_argument, NULL, OPTION_HOST},
	{"device", required_argument, NULL, OPTION_DEVICE},
	{"pcap", required_argument, NULL, OPTION_PCAP},
	{"proxy", required_argument, NULL, OPTION_PROXY},
	{"exit-url", required_argument, NULL, OPTION_EXIT_URL},
	{"exit-url6", required_argument, NULL, OPTION_EXIT_URL6},
	{"echo-url", required_argument, NULL, OPTION_ECHO_URL},
	{"rebinding-name", required_argument, NULL, OPTION_REBINDING_NAME},
	{"real-address", required_argument, NULL, OPTION_REAL_ADDRESS},
	{"target", required_argument, NULL, OPTION_TARGET},
	{"endpoint", required_argument, NULL, OPTION_ENDPOINT},
	{"down", required_argument, NULL, OPTION_DOWN},
	{"up", required_argument, NULL, OPTION_UP},
	{NULL, 0, NULL, 0},
};

static void option_fail(struct leak_command *command, const char *name, const char *value,
			const char *wanted)
{
	command->wrong = true;
	(void)command_fail(&command->invocation, EXIT_USAGE, "--%s: '%s' is no %s", name, value,
			   wanted);
}

/* "T3,T5". */
static void take_only(struct leak_command *command, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, ","), i = 0;

		while (i < LEAK_TESTS && (strlen(leak_test_id(i)) != len ||
					  strncasecmp(leak_test_id(i), text, len) != 0))
			i++;
		if (i == LEAK_TESTS) {
			option_fail(command, "only", text, "list of tests (see --list)");
			return;
		}
		command->options.tests |= UINT32_C(1) << i;
		text += len + (text[len] == ',');
	}
}

/* "45.80.1.2,2a0e:b107:1::2": one of a family at most. */
static void take_addresses(struct leak_command *command, const char *name, const char *text,
			   struct address *four, struct address *six)
{
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		struct address address;

		if (!address_parse(text, len, &address)) {
			option_fail(command, name, text, "address");
			return;
		}
		*(address.family == AF_INET ? four : six) = address;
		text += len + (text[len] == ',');
	}
}

static void take_app(struct leak_command *command, const char *value)
{
	if (command->options.app_count < ARRAY_LEN(command->apps)) {
		command->apps[command->options.app_count++] = value;
		command->options.apps = command->apps;
		return;
	}
	command->wrong = true;
	(void)command_fail(&command->invocation, EXIT_USAGE, "--netns: %zu times at most",
			   ARRAY_LEN(command->apps));
}

static void take_text(struct leak_command *command, int option, const char *value)
{
	struct leak_options *leak = &command->options;
	/* In the order of enum option_value. */
	const char **const places[] = {
		&leak->host,     &leak->device,    &leak->pcap_path, &leak->proxy_url,
		&leak->exit_url, &leak->exit_url6, &leak->echo_url,  &leak->rebinding_name,
	};

	if (option == OPTION_DOWN)
		leak->down_command = value;
	else if (option == OPTION_UP)
		leak->up_command = value;
	else
		*places[option - OPTION_HOST] = value;
}

static void take_flag(struct leak_command *command, int option)
{
	switch (option) {
	case 'j':
		command->invocation.json = true;
		break;
	case OPTION_LIST:
		command->list = true;
		break;
	case OPTION_STRICT:
		command->strict = true;
		break;
	case OPTION_DISRUPTIVE:
		command->options.disruptive = true;
		break;
	case OPTION_DIRECT_QUERY:
		command->options.direct_query = true;
		break;
	default:
		command->wrong = true;
		break;
	}
}

static void take(struct leak_command *command, int option, const char *value)
{
	struct leak_options *leak = &command->options;

	switch (option) {
	case 's':
		command->invocation.socket_path = value;
		command->invocation.socket_named = true;
		break;
	case 'c':
		command->invocation.config_path = value;
		command->invocation.config_named = true;
		break;
	case 'U':
		command->invocation.uid = value;
		break;
	case 'A':
		command->invocation.apps = value;
		break;
	case OPTION_ONLY:
		take_only(command, value);
		break;
	case OPTION_NETNS:
		take_app(command, value);
		break;
	case OPTION_REAL_ADDRESS:
		take_addresses(command, "real-address", value, &leak->real4, &leak->real6);
		break;
	case OPTION_TARGET:
		take_addresses(command, "target", value, &leak->target4, &leak->target6);
		break;
	case OPTION_ENDPOINT:
		if (!address_parse_endpoint(value, strlen(value), &leak->endpoint))
			option_fail(command, "endpoint", value, "ADDRESS:PORT");
		break;
	default:
		if (value != NULL)
			take_text(command, option, value);
		else
			take_flag(command, option);
		break;
	}
}

/* --- running it --- */

static void progress(void *arg, const struct leak_test *test, bool begins)
{
	bool json = *(const bool *)arg;

	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r\033[K");
		if (begins)
			fprintf(stderr, " %-4s %s ...", test->id, test->name);
		fflush(stderr);
	}
	if (!begins && !json) {
		leak_report_print_test(test);
		fflush(stdout);
	}
}

static int tests_list(const struct leak_command *command)
{
	json_t *list = json_array();

	for (size_t i = 0; i < LEAK_TESTS; i++) {
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s}", "id", leak_test_id(i), "name",
						leak_test_name(i), "about", leak_test_about(i)));
		if (!command->invocation.json)
			printf(" %-4s %-13s %s\n", leak_test_id(i), leak_test_name(i),
			       leak_test_about(i));
	}
	if (command->invocation.json)
		command_print_json(json_pack("{s:O}", "tests", list));
	json_decref(list);
	return EXIT_YES;
}

static int test_run(struct leak_command *command)
{
	struct leak_report *report = calloc(1, sizeof(*report));
	int code;

	if (report == NULL)
		return command_fail(&command->invocation, EXIT_UNKNOWN, "out of memory");
	command->options.progress = progress;
	command->options.arg = &command->invocation.json;
	leak_run(&command->options, report);
	code = (int)leak_exit_code(report, command->strict);
	if (report->problem[0] != '\0' && report->test_count == 0)
		(void)command_fail(&command->invocation, code, "%s", report->problem);
	else if (command->invocation.json)
		command_print_json(leak_report_json(report, command->strict));
	else
		leak_report_print(report, command->strict);
	free(report);
	return code;
}

static int test_prepare(struct leak_command *command)
{
	struct config *config = command_load(&command->invocation);
	char *socket = NULL;
	int code = EXIT_USAGE;

	if (config == NULL)
		return EXIT_USAGE;
	if (command_gateway_rules(&command->invocation, config, &command->wanted,
				  &command->options.uid) == EXIT_YES) {
		if (!command->invocation.socket_named)
			socket = command_find_socket(&command->invocation);
		command->options.socket_path = socket ? socket : command->invocation.socket_path;
		command->options.config = config;
		command->options.wanted = &command->wanted;
		code = test_run(command);
		free(socket);
	}
	firewall_rules_clear(&command->wanted);
	config_unref(config);
	return code;
}

int command_leak_test(const struct invocation *invocation)
{
	struct leak_command command = {
		.invocation = *invocation,
		.options =
			{
				.exit_url = "https://api.ipify.org/",
				.exit_url6 = "https://api6.ipify.org/",
				/* Known everywhere, and with a TTL of 1 nothing gets there. */
				.target4 = {.family = AF_INET, .bytes = {9, 9, 9, 9}},
				.target6 = {.family = AF_INET6,
					    .bytes = {0x26, 0x20, 0, 0xfe, [15] = 0xfe}},
			},
	};
	int option;

	optind = 0; /* GNU's getopt: begin anew, with another list */
	while ((option = getopt_long(invocation->argc, invocation->argv, "", options, NULL)) !=
	       -1) {
		take(&command, option, optarg);
	}
	if (command.wrong || optind != invocation->argc)
		return EXIT_USAGE;
	return command.list ? tests_list(&command) : test_prepare(&command);
}
