/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: the options that all commands share, and those that one brings along. */
#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "egressctl/command.h"

enum {
	OPTIONS_MAX = 40,
	OPTION_OWN = 256, /* the first of a command's own, as getopt_long() tells it */
};

static const struct option shared[] = {
	{"socket", required_argument, NULL, 's'},
	{"config", required_argument, NULL, 'c'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
};

static void option_take_shared(struct invocation *invocation, int option, const char *value)
{
	switch (option) {
	case 's':
		invocation->socket_path = value;
		invocation->socket_named = true;
		break;
	case 'c':
		invocation->config_path = value;
		invocation->config_named = true;
		break;
	case 'j':
		invocation->json = true;
		break;
	default:
		invocation->help = true;
		break;
	}
}

static void option_take(const struct command_option *option, const char *value)
{
	if (option->text != NULL)
		*option->text = value;
	else
		*option->flag = true;
}

bool command_options(struct invocation *invocation, const struct command_option *own)
{
	struct option list[OPTIONS_MAX] = {{0}};
	size_t count = ARRAY_LEN(shared);
	int option;

	memcpy(list, shared, sizeof(shared));
	for (size_t i = 0; own != NULL && own[i].name != NULL; i++) {
		assert(count < OPTIONS_MAX - 1);
		list[count++] = (struct option){
			own[i].name, own[i].text != NULL ? required_argument : no_argument, NULL,
			OPTION_OWN + (int)i};
	}
	optind = 0; /* GNU's getopt: begin anew, with another list */
	/* '+': what follows the command is the command's to read. */
	while (!invocation->help &&
	       (option = getopt_long(invocation->argc, invocation->argv,
				     invocation->command == NULL ? "+" : "", list, NULL)) != -1) {
		if (option == '?') /* getopt has said what is wrong */
			return false;
		if (own != NULL && option >= OPTION_OWN)
			option_take(&own[option - OPTION_OWN], optarg);
		else
			option_take_shared(invocation, option, optarg);
	}
	invocation->argc -= optind;
	invocation->argv += optind;
	if (!invocation->help && invocation->command != NULL && invocation->command->asks)
		command_find_socket(invocation);
	return !invocation->help;
}
