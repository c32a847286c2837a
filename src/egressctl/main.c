/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl: the table of its commands, and finding the one that was asked for. */
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
	 "[--file] [--udp]",
	 "CLIENT is the name of a client, or [USER@]ADDRESS. Asks the running egressd; when none "
	 "runs,\n"
	 "or with --file or --config, the file.\n"
	 "Exit code 0: allowed; 1: denied; 2: could not tell.\n",
	 false, command_explain},
	{"check", "[FILE]", "read a policy file and say what is wrong with it", "",
	 "Exit code 0: it may be loaded; 1: it is wrong; 2: it could not be read.\n", false,
	 command_check},
	{"config", "show", "show the policy, with logins in URLs left out", "[--file]",
	 "With --json what is in force with every default filled in, else the file as written.\n",
	 false, command_config},
	{"connections", "[kill ID]", "list the connections, or end one", "[--watch]",
	 "--watch shows them anew each second until ^C.\n", true, command_connections},
	{"reload", "", "read the policy file again; a wrong one changes nothing", "",
	 "Exit code 0: it is in force; 1: it was refused and the old one stays; 2: could not "
	 "tell.\n",
	 true, command_reload},
	{"apps", "check|setup|heal [APP ...]", "the apps behind the gateway: see, set up, heal", "",
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
	 "the packet rules that the policy asks for",
	 "[--uid UID] [--apps NETWORK,...] [--bridge NAME] [--strict]",
	 "gateway (when none is named): beside the tunnel; hub: where egressd is alone, over "
	 "other\n"
	 "proxies; app: in an app's namespace; host: on the Docker host; witness: counts what "
	 "leaves.\n"
	 "--strict: the gateway's, and nobody else leaves beside the tunnel.\n"
	 "No egressd needs to run; all but show take the capability NET_ADMIN.\n"
	 "Exit code 0: done, or the kernel has these rules; 1: not; 2: could not tell.\n",
	 false, command_rules},
	{"leak-test", "[OPTION ...]", "prove with real packets that nothing gets around the tunnel",
	 "", LEAK_TEST_HELP, false, command_leak_test},
	{"doctor", "", "what this machine has, what is wrong with it, and what to do",
	 "[--preflight|--host]",
	 "--preflight asks only whether the kernel and the container have what egressd needs; it "
	 "takes\n"
	 "the capability NET_ADMIN, no policy and no egressd. --host, on the Docker host, asks the "
	 "engine\n"
	 "what cannot be seen from inside a container.\n"
	 "Exit code 0: all is well; 1: less than it could be; 2: could not tell; 4: something "
	 "failed.\n",
	 true, command_doctor},
	{"tunnel", "status|restart", "what Gluetun says of the VPN, or have it connect anew",
	 "[--key-file FILE]",
	 "restart asks Gluetun's control server with a key that may: --key-file FILE, or\n"
	 "/run/secrets/gluetun_control_key where that is, or the policy's own key-file.\n"
	 "Exit code 0: the tunnel is up, or restarts; 1: not; 2: could not tell.\n",
	 true, command_tunnel},
	{"rejoin", "", "start what was left behind when the VPN's container did not run",
	 "[--watch|--dry-run] [--project NAME] [--docker-socket PATH]",
	 "A container with network_mode service:X cannot start when X does not run, and the Docker "
	 "engine\n"
	 "does not try again. This asks the engine for those, and starts each whose X runs now; "
	 "never one\n"
	 "that a person stopped.\n"
	 "  --watch               for ever, with a line of log for each start\n"
	 "  --dry-run             start nothing, show it\n"
	 "  --project NAME        Compose's; default: that of the container this runs in\n"
	 "  --docker-socket PATH  default: DOCKER_HOST (unix://PATH), or /var/run/docker.sock\n"
	 "Exit code 0: nothing is left to do; 1: something could not be started, or is to be; "
	 "2: the\n"
	 "engine cannot be asked.\n",
	 false, command_rejoin},
	{"version", "", "say which egressctl this is, and which egressd runs", "", "", true,
	 command_version},
};

static void usage_print(FILE *out)
{
	fputs("usage: egressctl [--socket PATH] [--config FILE] [--json] COMMAND ...\n"
	      "       egressctl --version\n\n",
	      out);
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
	if (command->options[0])
		fprintf(out, " %s", command->options);
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

static int command_start(const struct command *command, struct invocation *invocation)
{
	int code;

	invocation->command = command;
	code = command->run(invocation);
	free(invocation->socket_found);
	if (invocation->help)
		return help_run(command->name);
	if (code == EXIT_USAGE && !invocation->begun)
		command_usage_print(command, stderr);
	return code;
}

int main(int argc, char **argv)
{
	bool version = false;
	const struct command_option own[] = {{"version", .flag = &version}, {0}};
	struct invocation invocation = {.socket_path = DEFAULT_SOCKET,
					.config_path = DEFAULT_CONFIG,
					.argc = argc,
					.argv = argv};
	const struct command *command;

	if (!command_options(&invocation, own))
		return invocation.help ? help_run(NULL) : EXIT_USAGE;
	if (version)
		return command_start(command_find("version"), &invocation);
	if (invocation.argc == 0) {
		usage_print(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(invocation.argv[0], "help") == 0)
		return help_run(invocation.argc > 1 ? invocation.argv[1] : NULL);
	command = command_find(invocation.argv[0]);
	if (!command)
		return usage_fail("no such command: ", invocation.argv[0]);
	return command_start(command, &invocation);
}
