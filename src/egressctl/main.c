/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl: the table of its commands, and finding the one that was asked for. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egressctl/command.h"
#include "egressctl/leak_test.h"
#include "egressctl/print.h"

static const struct command commands[] = {
	{"status", "", "is the tunnel up, and what goes through it", "",
	 "Exit code 0: every tunnel is up; 1: one is not; 2: could not tell.\n", true,
	 command_status},
	{"health", "", "one line and an exit code, for a health check", "",
	 "Looks at every tunnel, the packet rules, the network namespace and every listener.\n"
	 "Exit code 0: all is well; 1: something is not, or egressd does not answer.\n",
	 true, command_health},
	{"explain", "CLIENT URL|HOST:PORT", "would this request be allowed, and by which rule",
	 "fu",
	 "CLIENT is the name of a client, or [USER@]ADDRESS. Asks the running egressd; when none "
	 "runs,\n"
	 "or with --file or --config, the file.\n"
	 "Exit code 0: allowed; 1: denied; 2: could not tell.\n",
	 true, command_explain},
	{"check", "[FILE]", "read a policy file and say what is wrong with it", "",
	 "Exit code 0: it may be loaded; 1: it is wrong; 2: it could not be read.\n", false,
	 command_check},
	{"config", "show", "show the policy, with logins in URLs left out", "f",
	 "With --json what is in force with every default filled in, else the file as written.\n",
	 true, command_config},
	{"connections", "[kill ID]", "list the connections, or end one", "w",
	 "--watch shows them anew each second until ^C.\n", true, command_connections},
	{"reload", "", "read the policy file again; a wrong one changes nothing", "",
	 "Exit code 0: it is in force; 1: it was refused and the old one stays; 2: could not "
	 "tell.\n",
	 true, command_reload},
	{"apps", "check|setup|heal [APP ...]", "the apps behind the gateway: see, set up, heal",
	 "*",
	 "APP is prowlarr, flaresolverr, radarr, qbittorrent or overseerr; none: prowlarr, "
	 "flaresolverr,\n"
	 "and those whose URL or key is given. check only looks; setup links them, and with "
	 "--dry-run\n"
	 "shows what it would change; heal lets indexers be tried again that were given up.\n"
	 "  --dry-run              change nothing, show it\n"
	 "  --proxy HOST:PORT      egressd, as Prowlarr and FlareSolverr know it (egress:8118)\n"
	 "  --APP-url URL          where it answers, seen from here\n"
	 "  --APP-key-file FILE    its API key (qbittorrent: its password)\n"
	 "  --config-dir FOLDER    FOLDER/prowlarr/config.xml and FOLDER/radarr/config.xml have "
	 "keys\n"
	 "  --echo URL             a page that tells who asks its address: check compares exits\n"
	 "Exit code 0: all is well; 1: there are findings, or changes to be made; 2: could not "
	 "tell.\n",
	 false, command_apps},
	{"passwd", "FILE USER", "set a user's password in a file of users", "",
	 "Asks for the password twice when standard input is a terminal, else takes one line of "
	 "it.\n",
	 false, command_passwd},
	{"rules", "show|apply|verify|diff|remove [gateway|hub|app|host|witness]",
	 "the packet rules that the policy asks for", "UBAS",
	 "gateway (when none is named): beside the tunnel; hub: where egressd is alone, over "
	 "other\n"
	 "proxies; app: in an app's namespace; host: on the Docker host; witness: counts what "
	 "leaves.\n"
	 "--strict: the gateway's, and nobody else leaves beside the tunnel.\n"
	 "No egressd needs to run; all but show take the capability NET_ADMIN.\n"
	 "Exit code 0: done, or the kernel has these rules; 1: not; 2: could not tell.\n",
	 false, command_rules},
	{"leak-test", "[OPTION ...]", "prove with real packets that nothing gets around the tunnel",
	 "*", LEAK_TEST_HELP, false, command_leak_test},
	{"doctor", "", "what this machine has, what is wrong with it, and what to do", "PH",
	 "--preflight asks only whether the kernel and the container have what egressd needs; it "
	 "takes\n"
	 "the capability NET_ADMIN, no policy and no egressd. --host, on the Docker host, asks the "
	 "engine\n"
	 "what cannot be seen from inside a container.\n"
	 "Exit code 0: all is well; 1: less than it could be; 2: could not tell; 4: something "
	 "failed.\n",
	 true, command_doctor},
	{"tunnel", "status|restart", "what Gluetun says of the VPN, or have it connect anew", "k",
	 "restart asks Gluetun's control server with a key that may: --key-file FILE, or\n"
	 "/run/secrets/gluetun_control_key where that is, or the policy's own key-file.\n"
	 "Exit code 0: the tunnel is up, or restarts; 1: not; 2: could not tell.\n",
	 true, command_tunnel},
	{"version", "", "say which egressctl this is, and which egressd runs", "", "", true,
	 command_version},
};

static const struct option long_options[] = {
	{"socket", required_argument, NULL, 's'}, {"config", required_argument, NULL, 'c'},
	{"json", no_argument, NULL, 'j'},         {"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},      {"file", no_argument, NULL, 'f'},
	{"udp", no_argument, NULL, 'u'},          {"watch", no_argument, NULL, 'w'},
	{"uid", required_argument, NULL, 'U'},    {"bridge", required_argument, NULL, 'B'},
	{"apps", required_argument, NULL, 'A'},   {"preflight", no_argument, NULL, 'P'},
	{"host", no_argument, NULL, 'H'},         {"key-file", required_argument, NULL, 'k'},
	{"strict", no_argument, NULL, 'S'},       {NULL, 0, NULL, 0},
};

static void usage_print(FILE *out)
{
	fputs("usage: egressctl [--socket PATH] [--config FILE] [--json] COMMAND ...\n\n", out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char left[48];

		snprintf(left, sizeof(left), "%s %s", commands[i].name, commands[i].arguments);
		fprintf(out, "  %-30s %s\n", left, commands[i].summary);
	}
	fprintf(out, "  %-30s %s\n", "help [COMMAND]", "say this, or more about one command");
	fprintf(out,
		"\n  --socket PATH  where egressd answers (default %s, or what\n"
		"                 the policy file says)\n"
		"  --config FILE  the policy file (default %s)\n"
		"  --json         one JSON document instead of text\n"
		"\nExit codes: 0 yes, 1 no, 2 could not tell, 3 usage. More: man egressctl\n",
		DEFAULT_SOCKET, DEFAULT_CONFIG);
}

static void command_usage_print(const struct command *command, FILE *out)
{
	fprintf(out, "usage: egressctl %s", command->name);
	if (command->arguments[0])
		fprintf(out, " %s", command->arguments);
	if (strchr(command->options, 'f'))
		fputs(" [--file]", out);
	if (strchr(command->options, 'u'))
		fputs(" [--udp]", out);
	if (strchr(command->options, 'w'))
		fputs(" [--watch]", out);
	if (strchr(command->options, 'P'))
		fputs(" [--preflight|--host]", out);
	if (strchr(command->options, 'k'))
		fputs(" [--key-file FILE]", out);
	if (strchr(command->options, 'U'))
		fputs(" [--uid UID] [--apps NETWORK,...] [--bridge NAME] [--strict]", out);
	fprintf(out, " [--json] [--socket PATH] [--config FILE]\n%s.\n%s", command->summary,
		command->help);
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int usage_fail(const char *wrong, const char *what)
{
	fprintf(stderr, "egressctl: %s%s (try 'egressctl help')\n", wrong, what);
	return EXIT_USAGE;
}

/* "help", "help COMMAND", "COMMAND --help". */
static int help_run(const char *name)
{
	const struct command *command = name ? command_find(name) : NULL;

	if (name && !command)
		return usage_fail("no such command: ", name);
	if (command)
		command_usage_print(command, stdout);
	else
		usage_print(stdout);
	return EXIT_YES;
}

/* True when the option is one that every command takes. */
static bool option_take(struct invocation *invocation, int option, const char *value)
{
	switch (option) {
	case 's':
		invocation->socket_path = value;
		invocation->socket_named = true;
		return true;
	case 'c':
		invocation->config_path = value;
		invocation->config_named = true;
		return true;
	case 'j':
		invocation->json = true;
		return true;
	default:
		return false;
	}
}

static void option_take_own(struct invocation *invocation, int option, const char *value)
{
	switch (option) {
	case 'f':
		invocation->file = true;
		break;
	case 'u':
		invocation->udp = true;
		break;
	case 'w':
		invocation->watch = true;
		break;
	case 'P':
		invocation->preflight = true;
		break;
	case 'H':
		invocation->host = true;
		break;
	case 'U':
		invocation->uid = value;
		break;
	case 'S':
		invocation->strict = true;
		break;
	case 'B':
		invocation->bridge = value;
		break;
	case 'k':
		invocation->key_file = value;
		break;
	default:
		invocation->apps = value;
		break;
	}
}

static int command_run(const struct command *command, struct invocation *invocation)
{
	bool asks = command->asks;
	char *socket = NULL;
	int code;

	/* Who names the file to explain asks about that file, and no daemon. */
	if (strchr(command->options, 'f') && (invocation->file || invocation->config_named))
		asks = false;
	if (asks && !invocation->socket_named)
		socket = command_find_socket(invocation);
	if (socket)
		invocation->socket_path = socket;
	code = command->run(invocation);
	free(socket);
	if (code == EXIT_USAGE)
		command_usage_print(command, stderr);
	return code;
}

static int command_start(const struct command *command, struct invocation *invocation, int argc,
			 char **argv)
{
	int option;

	if (strcmp(command->options, "*") == 0) {
		invocation->argc = argc;
		invocation->argv = argv;
		if (argc > 1 && strcmp(argv[argc - 1], "--help") == 0)
			return help_run(command->name);
		return command_run(command, invocation);
	}
	optind = 0; /* GNU's getopt: begin anew, with another list */
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'h')
			return help_run(command->name);
		if (option_take(invocation, option, optarg))
			continue;
		if (option == '?' || !strchr(command->options, option)) {
			command_usage_print(command, stderr);
			return EXIT_USAGE;
		}
		option_take_own(invocation, option, optarg);
	}
	invocation->argc = argc - optind;
	invocation->argv = argv + optind;
	return command_run(command, invocation);
}

int main(int argc, char **argv)
{
	struct invocation invocation = {.socket_path = DEFAULT_SOCKET,
					.config_path = DEFAULT_CONFIG};
	const struct command *command;
	int option;

	/* '+': what follows the command is the command's to read. */
	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		if (option == 'h')
			return help_run(NULL);
		if (option == 'V')
			return command_version(&invocation);
		if (option == '?') /* getopt has said what is wrong */
			return EXIT_USAGE;
		if (!option_take(&invocation, option, optarg))
			return usage_fail("that option cannot stand before a command", "");
	}
	if (optind == argc) {
		usage_print(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[optind], "help") == 0)
		return help_run(optind + 1 < argc ? argv[optind + 1] : NULL);
	command = command_find(argv[optind]);
	if (!command)
		return usage_fail("no such command: ", argv[optind]);
	return command_start(command, &invocation, argc - optind, argv + optind);
}
