/* SPDX-License-Identifier: GPL-3.0-or-later */
/* policy: how long a policy file takes to load, what its names cost in memory, and how long one
 * decision takes. Prints one line of JSON. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "config/config.h"
#include "config/report.h"
#include "policy/policy.h"

enum {
	POLICY_DECISIONS = 2000000,
	POLICY_HOSTS = 65536, /* more than the processor's caches hold of a million names */
};

static double policy_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t policy_memory(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Every second one is in the sets, as proxies.py writes them; the others are in none. */
static struct host *policy_hosts(unsigned names)
{
	static const char *const tops[] = {"com", "org", "net", "info"};
	struct host *hosts = calloc(POLICY_HOSTS, sizeof(*hosts));
	uint64_t state = 1;

	for (unsigned i = 0; hosts && i < POLICY_HOSTS; i++) {
		char text[100];
		unsigned n;
		int len;

		state = state * 6364136223846793005U + 1442695040888963407U;
		n = (unsigned)(state >> 33) % names;
		len = snprintf(text, sizeof(text), i % 2 ? "n%u.example-%u.%s" : "www.m%u.ad-%u.%s",
			       n, n % 9973, tops[n % 4]);
		if (!host_parse(text, (size_t)len, &hosts[i]))
			abort();
	}
	return hosts;
}

static double policy_decision_ns(const struct policy *policy, const struct host *hosts,
				 unsigned *denied)
{
	struct request request = {POLICY_CLIENT_UNKNOWN, NULL, 443, TRANSPORT_TCP};
	struct verdict verdict;
	double started = policy_now_s();

	for (unsigned i = 0; i < POLICY_DECISIONS; i++) {
		request.host = &hosts[i % POLICY_HOSTS];
		policy_decide(policy, &request, &verdict);
		*denied += !verdict.allowed;
	}
	return (policy_now_s() - started) * 1e9 / POLICY_DECISIONS;
}

int main(int argc, char **argv)
{
	struct config_report *report = config_report_new();
	unsigned names = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, denied = 0;
	size_t memory = policy_memory();
	double started = policy_now_s(), loaded;
	struct config *config;
	struct host *hosts;

	if (names == 0 || report == NULL) {
		fputs("usage: policy FILE NAMES\n", stderr);
		return 2;
	}
	config = config_load(argv[1], report);
	loaded = policy_now_s();
	if (config == NULL) {
		fputs("policy: the file does not load\n", stderr);
		return 1;
	}
	memory = policy_memory() - memory;
	hosts = policy_hosts(names);
	if (hosts == NULL)
		return 1;
	printf("{\"workload\": \"policy\", \"units\": %u, \"ns_per_decision\": %.1f, ",
	       POLICY_DECISIONS, policy_decision_ns(config->policy, hosts, &denied));
	printf("\"bytes_per_name\": %.1f, \"load_seconds\": %.3f, \"failures\": %d, ",
	       (double)memory / names, loaded - started, denied != POLICY_DECISIONS / 2);
	/* A reload frees the old one in whatever thread held it last. */
	started = policy_now_s();
	config_unref(config);
	printf("\"free_seconds\": %.4f}\n", policy_now_s() - started);
	free(hosts);
	config_report_free(report);
	return 0;
}
