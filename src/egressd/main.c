/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressd: reads its arguments and is the warden, or the proxy that the warden starts. */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "egressd/proxy.h"
#include "firewall/derive.h"
#include "firewall/ruleset.h"
#include "warden/warden.h"

enum {
	MAIN_GRACE_S = 5,
	MAIN_LARGE_BLOCK = 256 * 1024, /* bytes */
	MAIN_RELOAD_LIMIT_S = 60,
	MAIN_SECONDS_MOST = 3600,
};

static void main_print_usage(FILE *out)
{
	fputs("usage: egressd [--config FILE] [--user USER] [--table NAME] [--namespace-grace "
	      "SECONDS]\n"
	      "               [--reload-limit SECONDS] [--no-owner] [--no-firewall] "
	      "[--no-seccomp]\n"
	      "\n"
	      "A proxy that lets traffic out through the egress its policy names, and through "
	      "nothing else.\n"
	      "\n"
	      "  -c, --config FILE   the policy file (default /etc/egressd/egress.conf)\n"
	      "      --user USER     who the proxy is, a name or a number (default egressd, or "
	      "1900)\n"
	      "      --table NAME    the nftables table of the packet rules (default egressd)\n"
	      "      --namespace-grace SECONDS\n"
	      "                      how long to stay when the network namespace has lost its "
	      "uplink (5)\n"
	      "      --reload-limit SECONDS\n"
	      "                      how long the proxy may take to go by another policy (60)\n"
	      "      --no-firewall   install no packet rules: for development, or where another "
	      "part owns them\n"
	      "      --no-seccomp    let the proxy ask anything of the kernel: for valgrind and "
	      "the "
	      "like\n"
	      "      --no-owner      do not own that table: others may change it, and it is put "
	      "back\n"
	      "  -V, --version       print the version\n"
	      "  -h, --help          print this\n"
	      "\n"
	      "SIGHUP reloads the policy file, SIGTERM drains and ends, a second SIGTERM ends at "
	      "once.\n"
	      "See egressd(8), egress.conf(5); check a policy file with: egressctl check FILE\n",
	      out);
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

/* -1: go on; otherwise the exit code. */
static int main_read_seconds(const char *option, const char *text, unsigned least,
			     unsigned *seconds)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*seconds = (unsigned)number;
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && number >= least &&
	    number <= MAIN_SECONDS_MOST)
		return -1;
	fprintf(stderr, "egressd: %s: '%s' is no number of seconds from %u to %d\n", option, text,
		least, MAIN_SECONDS_MOST);
	return WARDEN_USAGE;
}

/* -1: go on; otherwise the exit code. */
static int main_take_option(int option, struct warden_options *options)
{
	switch (option) {
	case 'c':
		options->config_path = optarg;
		return -1;
	case 'u':
		options->user = optarg;
		return -1;
	case 't':
		options->table = optarg;
		if (main_table_is_valid(optarg))
			return -1;
		fprintf(stderr, "egressd: --table: '%s' is no name of a table\n", optarg);
		return WARDEN_USAGE;
	case 'g':
		return main_read_seconds("--namespace-grace", optarg, 0,
					 &options->namespace_grace_s);
	case 'r':
		return main_read_seconds("--reload-limit", optarg, 1, &options->reload_limit_s);
	case 'n':
		options->no_firewall = true;
		return -1;
	case 's':
		options->no_seccomp = true;
		return -1;
	case 'o':
		options->no_owner = true;
		return -1;
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

/* -1: go on; otherwise the exit code. */
static int main_read_options(int argc, char **argv, struct warden_options *options)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"user", required_argument, NULL, 'u'},
		{"table", required_argument, NULL, 't'},
		{"namespace-grace", required_argument, NULL, 'g'},
		{"reload-limit", required_argument, NULL, 'r'},
		{"no-firewall", no_argument, NULL, 'n'},
		{"no-seccomp", no_argument, NULL, 's'},
		{"no-owner", no_argument, NULL, 'o'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option, exit_code = -1;

	while (exit_code < 0 && (option = getopt_long(argc, argv, "c:Vh", known, NULL)) != -1)
		exit_code = main_take_option(option, options);
	if (exit_code < 0 && optind < argc) {
		fprintf(stderr, "egressd: what is '%s'? The policy file is named with --config.\n",
			argv[optind]);
		exit_code = WARDEN_USAGE;
	}
	return exit_code;
}

int main(int argc, char **argv)
{
	struct warden_options options = {.config_path = "/etc/egressd/egress.conf",
					 .table = FIREWALL_TABLE,
					 .namespace_grace_s = MAIN_GRACE_S,
					 .reload_limit_s = MAIN_RELOAD_LIMIT_S};
	int exit_code;

	signal(SIGPIPE, SIG_IGN);
	/* The tables of a large policy go back to the kernel with it: one thread makes them, and
	 * another frees them, and neither finds a use for the other's heap. */
	(void)mallopt(M_MMAP_THRESHOLD, MAIN_LARGE_BLOCK);
	if (argc >= 2 && strcmp(argv[1], WARDEN_PROXY_ARGUMENT) == 0)
		return proxy_run(argc >= 3 && strcmp(argv[2], WARDEN_NO_SECCOMP) == 0);
	exit_code = main_read_options(argc, argv, &options);
	return exit_code < 0 ? warden_run(&options) : exit_code;
}
