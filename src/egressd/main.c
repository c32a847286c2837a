/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressd: reads its arguments, prepares the process, runs the daemon. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/version.h"
#include "egressd/daemon.h"

/* architecture: 0 ended, 1 failed, 3 usage or policy file, 4 rules refused or unverified. */
enum {
	EXIT_ENDED = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 3,
	EXIT_RULES = 4,
};

struct options {
	const char *config_path;
	bool no_firewall;
};

static void main_print_usage(FILE *out)
{
	fputs("usage: egressd [--config FILE] --no-firewall\n"
	      "\n"
	      "A proxy that lets traffic out through the egress its policy names, and through "
	      "nothing else.\n"
	      "\n"
	      "  -c, --config FILE   the policy file (default /etc/egressd/egress.conf)\n"
	      "      --no-firewall   install no nftables rules: for development, or where another "
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
static int main_read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
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
		case 'n':
			options->no_firewall = true;
			break;
		case 'V':
			printf("egressd %s\n", version_text());
			return EXIT_ENDED;
		case 'h':
			main_print_usage(stdout);
			return EXIT_ENDED;
		default:
			main_print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "egressd: what is '%s'? The policy file is named with --config.\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

/* Two descriptors a tunnel: what the system gives at most is none too many. */
static void main_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			log_warn("cannot raise the limit of open files: %m");
	}
}

int main(int argc, char **argv)
{
	struct options options = {.config_path = "/etc/egressd/egress.conf"};
	struct daemon daemon = {0};
	int exit_code = main_read_options(argc, argv, &options);

	if (exit_code >= 0)
		return exit_code;
	if (!options.no_firewall) {
		fputs("egressd: nothing keeps its nftables rules in force yet, and without them it "
		      "must not seem protected.\n"
		      "Start it with --no-firewall where Gluetun's firewall stands; the rules can "
		      "be applied by hand:\n"
		      "egressctl rules apply gateway\n",
		      stderr);
		return EXIT_RULES;
	}
	signal(SIGPIPE, SIG_IGN);
	main_raise_descriptor_limit();
	exit_code = EXIT_FAILED;
	if (daemon_start(&daemon, options.config_path, &exit_code) == 0) {
		daemon_run(&daemon);
		exit_code = EXIT_ENDED;
	}
	daemon_clear(&daemon);
	return exit_code;
}
