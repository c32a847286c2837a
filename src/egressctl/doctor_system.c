/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of this machine or container: what it may do, its limits, its clock, its resolver. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/text.h"
#include "config/config.h"
#include "doctor.h"

enum {
	DESCRIPTORS_WANTED = 16384, /* two a connection, and those of the resolver */
	DESCRIPTORS_KEPT = 1024,    /* besides the connections, where their number is known */
	CONNTRACK_FULL_PERCENT = 80,
	LINE_SIZE = 512,
};

/* The number behind a key at the beginning of a line, or of the whole file where key is "". -1:
 * there is none. */
static int64_t file_number(const char *path, const char *key, int base)
{
	FILE *file = fopen(path, "re");
	int64_t number = -1;
	char line[LINE_SIZE], *end;

	if (file == NULL)
		return -1;
	while (number < 0 && fgets(line, sizeof(line), file) != NULL) {
		const char *at = line + strlen(key);

		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		errno = 0;
		number = strtoll(at, &end, base);
		if (end == at || errno != 0)
			number = -1;
	}
	fclose(file);
	return number;
}

static void check_capabilities(const struct doctor *doctor, unsigned number,
			       struct doctor_finding *finding)
{
	static const struct {
		int number;
		const char *name;
	} wanted[] = {{CAP_NET_ADMIN, "NET_ADMIN"},
		      {CAP_SETUID, "SETUID"},
		      {CAP_SETGID, "SETGID"},
		      {CAP_SETPCAP, "SETPCAP"},
		      {CAP_KILL, "KILL"}};
	int64_t effective = file_number("/proc/self/status", "CapEff:", 16);
	char names[128];
	struct text text;

	(void)doctor, (void)number;
	if (effective < 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "/proc/self/status does not tell");
		return;
	}
	text_init(&text, names, sizeof(names));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		if ((effective & ((int64_t)1 << wanted[i].number)) == 0)
			text_add_format(&text, "%s%s", text.len > 0 ? ", " : "", wanted[i].name);
	}
	if (text.len == 0) {
		doctor_find(finding, DOCTOR_OK, "NET_ADMIN, SETUID, SETGID, SETPCAP, KILL");
		return;
	}
	doctor_find(finding, DOCTOR_WARN, "this process lacks %s", names);
	doctor_cure(finding, "egressd is to be started with them (cap_drop: ALL; cap_add: %s)",
		    names);
}

/* Sessions that the policy lets all clients have together; 0: one of them has no limit. */
static uint64_t policy_sessions(const struct config *config)
{
	uint64_t sessions = 0;

	for (size_t i = 0; config != NULL && i < config->client_count; i++) {
		if (config->client_session_limits[i] == 0)
			return 0;
		sessions += config->client_session_limits[i];
	}
	return sessions;
}

static void check_descriptors(const struct doctor *doctor, unsigned number,
			      struct doctor_finding *finding)
{
	uint64_t sessions = policy_sessions(doctor->config), wanted = DESCRIPTORS_WANTED;
	struct rlimit limit;

	(void)number;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "%s", strerror(errno));
		return;
	}
	if (sessions > 0)
		wanted = 2 * sessions + DESCRIPTORS_KEPT;
	doctor_find(finding, limit.rlim_max >= wanted ? DOCTOR_OK : DOCTOR_WARN,
		    "%" PRIu64 " open files at most, some %" PRIu64 " connections; the policy "
		    "%s%" PRIu64,
		    (uint64_t)limit.rlim_max, (uint64_t)limit.rlim_max / 2,
		    sessions > 0 ? "has limits of "
				 : "has no limit for each client, which asks "
				   "for some ",
		    sessions > 0 ? sessions : wanted / 2);
	if (finding->result != DOCTOR_OK)
		doctor_cure(finding,
			    "raise it (ulimits: nofile: %" PRIu64 "), or lower the limits of the "
			    "policy (limit client NAME sessions N)",
			    wanted);
}

static void check_flows(const struct doctor *doctor, unsigned number,
			struct doctor_finding *finding)
{
	int64_t most = file_number("/proc/sys/net/netfilter/nf_conntrack_max", "", 10);
	int64_t count = file_number("/proc/sys/net/netfilter/nf_conntrack_count", "", 10);

	(void)doctor, (void)number;
	if (most <= 0 || count < 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "nf_conntrack does not tell its limit");
		return;
	}
	doctor_find(finding, count < most / 100 * CONNTRACK_FULL_PERCENT ? DOCTOR_OK : DOCTOR_WARN,
		    "%" PRId64 " of %" PRId64 " flows are tracked", count, most);
	if (finding->result != DOCTOR_OK)
		doctor_cure(finding, "sysctl net.netfilter.nf_conntrack_max on the host: a full "
				     "table loses new connections");
}

static void check_ports(const struct doctor *doctor, unsigned number,
			struct doctor_finding *finding)
{
	int64_t lowest = file_number("/proc/sys/net/ipv4/ip_unprivileged_port_start", "", 10);
	const struct config *config = doctor->config;

	(void)number;
	if (lowest < 0) {
		doctor_find(finding, DOCTOR_UNKNOWN,
			    "the kernel does not tell which ports are free to use");
		return;
	}
	doctor_find(finding, DOCTOR_OK, "ports from %" PRId64 " need no privilege", lowest);
	for (size_t i = 0; config != NULL && i < config->listener_count + config->forward_count;
	     i++) {
		const struct address *address =
			i < config->listener_count
				? &config->listeners[i].address
				: &config->forwards[i - config->listener_count].listen;

		if (address->port >= lowest)
			continue;
		doctor_find(finding, DOCTOR_WARN,
			    "the policy listens on port %u, and those below %" PRId64
			    " take a privilege",
			    address->port, lowest);
		doctor_cure(finding,
			    "sysctl net.ipv4.ip_unprivileged_port_start=%u here, or a "
			    "higher port",
			    address->port);
	}
}

static void check_resolver(const struct doctor *doctor, unsigned number,
			   struct doctor_finding *finding)
{
	static const uint8_t docker[4] = {127, 0, 0, 11};
	FILE *file = fopen("/etc/resolv.conf", "re");
	const struct config *config = doctor->config;
	char line[LINE_SIZE];

	(void)number;
	if (file == NULL)
		doctor_find(finding, DOCTOR_UNKNOWN, "/etc/resolv.conf: %s", strerror(errno));
	else
		doctor_find(finding, DOCTOR_OK, "Docker's resolver is not in use here");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "nameserver 127.0.0.11", 21) == 0)
			doctor_find(finding, DOCTOR_OK,
				    "resolv.conf names 127.0.0.11, which asks outside the tunnel; "
				    "egressd never asks it");
	}
	if (file != NULL)
		fclose(file);
	for (size_t i = 0; config != NULL && i < config->egress_count; i++) {
		const struct egress_config *egress = &config->egresses[i];

		for (size_t j = 0; j < egress->resolver_count; j++) {
			if (egress->resolvers[j].family != AF_INET ||
			    memcmp(egress->resolvers[j].bytes, docker, sizeof(docker)) != 0)
				continue;
			doctor_find(finding, DOCTOR_FAIL,
				    "egress %s asks 127.0.0.11, Docker's resolver: it asks "
				    "outside the tunnel",
				    egress->name);
			doctor_cure(finding, "leave 'resolver' out, or name one that is reached "
					     "through the tunnel");
		}
	}
}

const struct doctor_check doctor_system_checks[] = {
	{"capabilities", check_capabilities, 0},
	{"descriptors", check_descriptors, 0},
	{"flows", check_flows, 0},
	{"ports", check_ports, 0},
	{"resolver", check_resolver, 0},
	{0},
};
