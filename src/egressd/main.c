/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressd: reads its arguments and is the warden, or the proxy that the warden starts. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "egressd/proxy.h"
#include "firewall/derive.h"
#include "firewall/ruleset.h"
#include "warden/warden.h"

static void main_print_usage(FILE *out)
{
	fputs("usage: egressd [--config FILE] [--user USER] [--table NAME] [--no-firewall]\n"
	      "\n"
	      "A proxy that lets traffic out through the egress its policy names, and through "
	      "nothing else.\n"
	      "\n"
	      "  -c, --config FILE   the policy file (default /etc/egressd/egress.conf)\n"
	      "      --user USER     who the proxy is, a name or a number (default egressd, or "
	      "1900)\n"
	      "      --table NAME    the nftables table of the packet rules (default egressd)\n"
	      "      --no-firewall   install no packet rules: for development, or where another "
	      "part owns them\n"
	      "  -V, --version       print the version\n"
	      "  -h, --help          print this\n"
	      "\n"
	      "SIGHUP reloads the policy file, SIGTERM drains and ends, a second SIGTERM ends at "
	      "once.\n"
	      "See egressd(8), egress.conf(5); check a policy file with: egressctl check FILE\n",
	      out);
}

/* -1: go on; otherwise the exit code. */
static int main_read_options(int argc, char **argv, struct warden_options *options)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"user", required_argument, NULL, 'u'},
		{"table", required_argument, NULL, 't'},
		{"no-firewall", no_argument, NULL, 'n'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:Vh", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config_path = optarg;
			break;
		case 'u':
			options->user = optarg;
			break;
		case 't':
			options->table = optarg;
			break;
		case 'n':
			options->no_firewall = true;
			break;
		case 'V':
			printf("egressd %s\n", version_text());
			return WARDEN_ENDED;
		case 'h':
			main_print_usage(stdout);
			return WARDEN_ENDED;
		default:
			main_print_usage(stderr);
			return WARDEN_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "egressd: what is '%s'? The policy file is named with --config.\n",
			argv[optind]);
		return WARDEN_USAGE;
	}
	return -1;
}

/* Letters, digits and _, as nft has it. */
static bool main_table_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < RULESET_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
		       len &&
	       (name[0] < '0' || name[0] > '9');
}

int main(int argc, char **argv)
{
	struct warden_options options = {.config_path = "/etc/egressd/egress.conf",
					 .table = FIREWALL_TABLE};
	int exit_code;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && strcmp(argv[1], WARDEN_PROXY_ARGUMENT) == 0)
		return proxy_run();
	exit_code = main_read_options(argc, argv, &options);
	if (exit_code >= 0)
		return exit_code;
	if (!main_table_is_valid(options.table)) {
		fprintf(stderr, "egressd: --table: '%s' is no name of a table\n", options.table);
		return WARDEN_USAGE;
	}
	return warden_run(&options);
}
