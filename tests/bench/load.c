/* SPDX-License-Identifier: GPL-3.0-or-later */
/* load: drives a proxy, or the origin directly, with one workload and prints one line of JSON about
 * it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "workloads.h"

struct command {
	const char *name;
	void (*run)(struct load *load, struct result *result);
	const char *unit;
};

static const struct command commands[] = {
	{"bulk-down", bulk_down, "byte"},        {"bulk-up", bulk_up, "byte"},
	{"connect", loop_connect, "connection"}, {"open", loop_open, "connection"},
	{"pingpong", loop_pingpong, "message"},  {"http", loop_http, "request"},
	{"idle", idle_hold, "tunnel"},
};

void result_start(struct load *load, struct result *result)
{
	load->units = 0;
	latency_clear(&load->latency);
	result->cpu_started = usage_cpu_ns(load->pid);
	result->started_at = usage_now_ns();
}

void result_stop(struct load *load, struct result *result)
{
	result->seconds = (double)(usage_now_ns() - result->started_at) / 1e9;
	result->cpu_ns = usage_cpu_ns(load->pid) - result->cpu_started;
	result->units = (double)load->units;
}

void load_open(struct load *load, unsigned count)
{
	int64_t end = usage_now_ns() + 30LL * 1000000000;
	unsigned begun = 0;

	/* What is busy and not open is on its way. */
	while (begun < count || load->busy > load->open) {
		while (begun < count && load->busy - load->open < 64) {
			load->clients[begun].started_at = usage_now_ns();
			client_start(load, &load->clients[begun++]);
		}
		client_poll(load, 10000000);
		if (usage_now_ns() > end || load->failures > count)
			break;
	}
}

static void load_print(const struct load *load, const struct result *result,
		       const struct command *command)
{
	double units = result->units > 0 ? result->units : 1;
	double tunnels = load->tunnels;

	printf("{\"workload\": \"%s\", \"tunnels\": %u, \"size\": %u, \"unit\": \"%s\", "
	       "\"units\": %.0f, \"seconds\": %.4f, \"per_second\": %.1f, ",
	       command->name, load->tunnels, load->size, command->unit, result->units,
	       result->seconds, result->units / result->seconds);
	printf("\"cpu_ns\": %lld, \"cpu_ns_per_unit\": %.4f, ", (long long)result->cpu_ns,
	       (double)result->cpu_ns / units);
	printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, ",
	       latency_us(&load->latency, .5), latency_us(&load->latency, .99),
	       latency_us(&load->latency, .999));
	printf("\"kib_before\": %ld, \"kib_after\": %ld, \"kib_per_tunnel\": %.3f, "
	       "\"descriptors_per_tunnel\": %.3f, \"more_threads\": %ld, ",
	       result->before.memory_kib, result->after.memory_kib,
	       (double)(result->after.memory_kib - result->before.memory_kib) / tunnels,
	       (double)(result->after.descriptors - result->before.descriptors) / tunnels,
	       result->after.threads - result->before.threads);
	printf("\"failures\": %llu, \"corrupted\": %llu, \"lost\": %llu}\n",
	       (unsigned long long)load->failures,
	       (unsigned long long)load->corrupted + load->origin->corrupted,
	       (unsigned long long)load->lost);
}

struct options {
	const char *user;
	const char *password;
	const char *proxy;
	const char *origin_in;
	uint16_t proxy_port;
	uint16_t origin_port;
	const struct command *command;
};

static int load_usage(void)
{
	fputs("usage: load [--via direct|connect|socks5|http] [--proxy ADDRESS] [--port PROXY]\n"
	      "            [--target ADDRESS] [--origin PORT] [--origin-in NETWORK_NAMESPACE]\n"
	      "            [--pid PID]\n"
	      "            [--user USER --password PASSWORD] [--tunnels N] [--size BYTES]\n"
	      "            [--seconds S] [--rate PER_SECOND] [--units N] WORKLOAD\n"
	      "workloads: bulk-down bulk-up connect open pingpong http idle; origin: only serve\n",
	      stderr);
	return -1;
}

static int load_set_via(struct load *load, const char *word)
{
	static const char *const words[] = {"direct", "connect", "socks5", "http"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0) {
			load->via = (enum client_via)i;
			return 0;
		}
	}
	return -1;
}

static int load_read_option(struct load *load, struct options *options, int option)
{
	switch (option) {
	case 'v':
		return load_set_via(load, optarg);
	case 'a':
		options->proxy = optarg;
		return 0;
	case 'g':
		load->target = optarg;
		return 0;
	case 'i':
		options->origin_in = optarg;
		return 0;
	case 'p':
		options->proxy_port = (uint16_t)strtoul(optarg, NULL, 10);
		return 0;
	case 'o':
		options->origin_port = (uint16_t)strtoul(optarg, NULL, 10);
		return 0;
	case 'P':
		load->pid = (pid_t)strtol(optarg, NULL, 10);
		return 0;
	case 'u':
		options->user = optarg;
		return 0;
	case 'w':
		options->password = optarg;
		return 0;
	case 't':
		load->tunnels = (unsigned)strtoul(optarg, NULL, 10);
		return 0;
	case 's':
		load->size = (unsigned)strtoul(optarg, NULL, 10);
		return 0;
	case 'T':
		load->seconds = strtod(optarg, NULL);
		return 0;
	case 'r':
		load->rate = strtod(optarg, NULL);
		return 0;
	case 'n':
		load->units_wanted = strtoull(optarg, NULL, 10);
		return 0;
	default:
		return -1;
	}
}

static int load_read_options(struct load *load, struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"via", required_argument, NULL, 'v'},
		{"proxy", required_argument, NULL, 'a'},
		{"port", required_argument, NULL, 'p'},
		{"target", required_argument, NULL, 'g'},
		{"origin", required_argument, NULL, 'o'},
		{"origin-in", required_argument, NULL, 'i'},
		{"pid", required_argument, NULL, 'P'},
		{"user", required_argument, NULL, 'u'},
		{"password", required_argument, NULL, 'w'},
		{"tunnels", required_argument, NULL, 't'},
		{"size", required_argument, NULL, 's'},
		{"seconds", required_argument, NULL, 'T'},
		{"rate", required_argument, NULL, 'r'},
		{"units", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (load_read_option(load, options, option) < 0)
			return load_usage();
	}
	if (optind + 1 != argc || load->tunnels == 0 || load->size > PATTERN_CHUNK * 16 ||
	    load->seconds <= 0 || load->rate <= 0 || (options->user && !options->password))
		return load_usage();
	if (strcmp(argv[optind], "origin") == 0)
		return 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[optind]) == 0)
			options->command = &commands[i];
	}
	return options->command ? 0 : load_usage();
}

/* A socket stays in the network namespace where it was made. */
static int load_start_origin(struct load *load, const struct options *options)
{
	int here, there, outcome;

	if (!options->origin_in)
		return origin_start(load->origin, load->pattern, load->target,
				    options->origin_port);
	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	there = open(options->origin_in, O_RDONLY | O_CLOEXEC);
	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
		return -1;
	outcome = origin_start(load->origin, load->pattern, load->target, options->origin_port);
	if (setns(here, CLONE_NEWNET) < 0)
		return -1;
	close(here);
	close(there);
	return outcome;
}

/* Everything the loops need is allocated here. */
static int load_prepare(struct load *load, const struct options *options)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	load->pattern = malloc(sizeof(*load->pattern));
	load->origin = calloc(1, sizeof(*load->origin));
	load->clients = calloc(load->tunnels, sizeof(*load->clients));
	load->buffer = malloc(PATTERN_CHUNK);
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!load->pattern || !load->origin || !load->clients || !load->buffer || load->epoll < 0)
		return -1;
	pattern_init(load->pattern);
	if (load_start_origin(load, options) < 0)
		return -1;
	load->proxy.sin_family = AF_INET;
	if (inet_pton(AF_INET, options->proxy, &load->proxy.sin_addr) != 1)
		return -1;
	load->proxy.sin_port =
		htons(options->proxy_port ? options->proxy_port : load->origin->port);
	for (unsigned i = 0; i < load->tunnels; i++)
		load->clients[i].seed = i * 7919U;
	return client_prepare(load, options->user, options->password);
}

int main(int argc, char **argv)
{
	struct load load = {
		.target = "127.0.0.1", .tunnels = 1, .size = 64, .seconds = 1, .rate = 1000};
	struct options options = {.proxy = "127.0.0.1"};
	struct result result = {0};

	if (load_read_options(&load, &options, argc, argv) < 0)
		return 2;
	/* Whoever started it is gone: nobody reads the result. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (load_prepare(&load, &options) < 0) {
		fprintf(stderr, "load: %s\n", strerror(errno));
		return 1;
	}
	if (!options.command) {
		pthread_join(load.origin->thread, NULL);
		return 0;
	}
	result.before = usage_read(load.pid);
	options.command->run(&load, &result);
	if (result.after.threads == 0)
		result.after = usage_read(load.pid);
	load_print(&load, &result, options.command);
	return 0;
}
