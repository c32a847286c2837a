/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl leak-test: its options, and running it. */
#include "egressctl/leak_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "egressctl/command.h"
#include "egressctl/print.h"
#include "egressctl/rules.h"
#include "firewall/derive.h"

struct leak_command {
	struct invocation *invocation;
	struct leak_options options;
	struct rules_options rules;
	const char *only, *real_address, *target, *endpoint; /* as they were given; NULL: not */
	struct firewall_rules wanted;                        /* options point to it */
	bool strict, list, wrong;
};

static void option_fail(struct leak_command *command, const char *name, const char *value,
			const char *wanted)
{
	command->wrong = true;
	(void)command_fail(command->invocation, EXIT_USAGE, "--%s: '%s' is no %s", name, value,
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

/* "45.80.1.2,2a0e:b107:1::2": one of a family at most, for a second one would not be looked for. */
static void take_addresses(struct leak_command *command, const char *name, const char *text,
			   struct address *four, struct address *six)
{
	struct address found[2] = {{0}};

	for (const char *next = text; *next != '\0';) {
		size_t len = strcspn(next, ",");
		struct address address;

		if (!address_parse(next, len, &address) ||
		    found[address.family == AF_INET6].family != AF_UNSPEC) {
			option_fail(command, name, text, "address, or one of each family");
			return;
		}
		found[address.family == AF_INET6] = address;
		next += len + (next[len] == ',');
	}
	if (found[0].family != AF_UNSPEC)
		*four = found[0];
	if (found[1].family != AF_UNSPEC)
		*six = found[1];
}

static bool test_read(struct leak_command *command)
{
	struct leak_options *leak = &command->options;
	const struct command_option own[] = {
		{"uid", .text = &command->rules.uid},
		{"apps", .text = &command->rules.apps},
		{"only", .text = &command->only},
		{"list", .flag = &command->list},
		{"strict", .flag = &command->strict},
		{"disruptive", .flag = &leak->disruptive},
		{"direct-query", .flag = &leak->direct_query},
		{"netns", .text = &leak->apps},
		{"host", .text = &leak->host},
		{"device", .text = &leak->device},
		{"pcap", .text = &leak->pcap_path},
		{"proxy", .text = &leak->proxy_url},
		{"exit-url", .text = &leak->exit_url},
		{"exit-url6", .text = &leak->exit_url6},
		{"echo-url", .text = &leak->echo_url},
		{"rebinding-name", .text = &leak->rebinding_name},
		{"real-address", .text = &command->real_address},
		{"target", .text = &command->target},
		{"endpoint", .text = &command->endpoint},
		{"down", .text = &leak->down_command},
		{"up", .text = &leak->up_command},
		{0},
	};

	if (!command_options(command->invocation, own) || command->invocation->argc != 0)
		return false;
	if (command->only != NULL)
		take_only(command, command->only);
	if (command->real_address != NULL)
		take_addresses(command, "real-address", command->real_address, &leak->real4,
			       &leak->real6);
	if (command->target != NULL)
		take_addresses(command, "target", command->target, &leak->target4, &leak->target6);
	if (command->endpoint != NULL &&
	    !address_parse_endpoint(command->endpoint, strlen(command->endpoint), &leak->endpoint))
		option_fail(command, "endpoint", command->endpoint, "ADDRESS:PORT");
	return !command->wrong;
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
		if (!command->invocation->json)
			printf(" %-4s %-13s %s\n", leak_test_id(i), leak_test_name(i),
			       leak_test_about(i));
	}
	if (command->invocation->json)
		command_print_json(json_pack("{s:O}", "tests", list));
	json_decref(list);
	return EXIT_YES;
}

static int test_run(struct leak_command *command)
{
	struct leak_report *report = calloc(1, sizeof(*report));
	int code;

	if (report == NULL)
		return command_fail(command->invocation, EXIT_UNKNOWN, "out of memory");
	command->options.progress = progress;
	command->options.arg = &command->invocation->json;
	leak_run(&command->options, report);
	code = (int)leak_exit_code(report, command->strict);
	if (report->problem[0] != '\0' && report->test_count == 0)
		(void)command_fail(command->invocation, code, "%s", report->problem);
	else if (command->invocation->json)
		command_print_json(leak_report_json(report, command->strict));
	else
		leak_report_print(report, command->strict);
	free(report);
	return code;
}

static int test_prepare(struct leak_command *command)
{
	struct config *config = command_load(command->invocation);
	enum firewall_kind kind = FIREWALL_GATEWAY;
	int code = EXIT_USAGE;

	command->invocation->begun = true;
	if (config == NULL)
		return EXIT_USAGE;
	if (rules_of_gateway(command->invocation, &command->rules, config, &command->wanted, &kind,
			     &command->options.uid) == EXIT_YES) {
		command->options.is_hub = kind == FIREWALL_HUB;
		command_find_socket(command->invocation);
		command->options.socket_path = command->invocation->socket_path;
		command->options.config = config;
		command->options.wanted = &command->wanted;
		code = test_run(command);
	}
	firewall_rules_clear(&command->wanted);
	config_unref(config);
	return code;
}

int command_leak_test(struct invocation *invocation)
{
	struct leak_command command = {
		.invocation = invocation,
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

	if (!test_read(&command))
		return EXIT_USAGE;
	return command.list ? tests_list(&command) : test_prepare(&command);
}
