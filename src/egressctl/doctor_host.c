/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks on the Docker host: what only the engine knows, asked through its own command. */
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "doctor.h"
#include "firewall/derive.h"
#include "firewall/kernel.h"
#include "firewall/ruleset_text.h"

enum {
	WORDS_SIZE = 256,
	DOCKER_PATIENCE_MS = 10 * 1000,
};

/* Names of compose.yaml. */
static const char container[] = "egress", apps_network[] = "egress_apps";

/* compose.yaml's resolver of the apps, and how docker tells of it when it is the only one. */
static const char nobody[] = "198.51.100.1", nobody_alone[] = "[198.51.100.1]";

/* As Docker names a bridge that nobody named. */
static const char network_form[] =
	"{{.Internal}} {{with index .Options \"com.docker.network.bridge.name\"}}{{.}}"
	"{{else}}br-{{slice .ID 0 12}}{{end}}";

/* One wait is enough: who was silent once is not asked again. */
static bool docker_is_silent;

/* The docker command, its output to be read; *pid is to be waited for. -1 + errno. */
static int docker_start(const char *const arguments[], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	errno = posix_spawnp(pid, "docker", &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	fd_close(ends[1]);
	if (errno == 0)
		return ends[0];
	fd_close(ends[0]);
	return -1;
}

/* The first line of all that it says. False: it has not come to an end in time. */
static bool docker_hear(int output, char words[WORDS_SIZE])
{
	const int64_t end = clock_monotonic_ms() + DOCKER_PATIENCE_MS;
	struct pollfd ready = {.fd = output, .events = POLLIN};
	size_t len = 0;
	int64_t left;

	while (len < WORDS_SIZE - 1 && (left = end - clock_monotonic_ms()) > 0) {
		ssize_t more;

		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		more = read(output, words + len, WORDS_SIZE - 1 - len);
		if (more <= 0)
			break;
		len += (size_t)more;
	}
	words[len] = '\0';
	words[strcspn(words, "\n")] = '\0';
	return clock_monotonic_ms() < end;
}

/* Runs docker, whose first line of output is kept. Its exit status; -1: it could not be run, or is
 * silent. */
static int docker_ask(char words[WORDS_SIZE], const char *const arguments[])
{
	int status, output;
	pid_t pid;

	words[0] = '\0';
	if (docker_is_silent)
		return -1;
	output = docker_start(arguments, &pid);
	if (output < 0)
		return -1;
	docker_is_silent = !docker_hear(output, words);
	fd_close(output);
	if (docker_is_silent)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0 || docker_is_silent || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Was a no an answer? False: it was said that there is none. */
static bool docker_answers(struct doctor_finding *finding)
{
	if (!docker_is_silent)
		return true;
	doctor_find(finding, DOCTOR_UNKNOWN, "docker does not answer within %d s",
		    DOCKER_PATIENCE_MS / 1000);
	doctor_cure(finding, "see whether the engine runs: docker version");
	return false;
}

/* The engine's version as one number, 28.5.2 being 280502. False: it was said why not. */
static bool engine_version(char words[WORDS_SIZE], unsigned long *version,
			   struct doctor_finding *finding)
{
	static const char *const ask[] = {"docker", "version", "--format", "{{.Server.Version}}",
					  NULL};
	unsigned long parts[3] = {0};
	int status = docker_ask(words, ask);
	char *at = words;

	if (!docker_answers(finding))
		return false;
	if (status == -1 || status == 127) {
		doctor_find(finding, DOCTOR_UNKNOWN, "there is no docker command here");
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		parts[i] = strtoul(at, &at, 10);
		at += *at == '.';
	}
	if (status != 0 || parts[0] == 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "docker does not tell the engine's version");
		doctor_cure(finding,
			    "see whether the engine runs, and whether this user may ask it");
		return false;
	}
	*version = parts[0] * 10000 + parts[1] * 100 + parts[2];
	return true;
}

/* Does Docker's resolver lead all that the apps ask it for to nobody? */
static bool apps_ask_nobody(void)
{
	static const char *const apps[] = {"prowlarr", "flaresolverr"};
	char words[WORDS_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(apps); i++) {
		const char *const ask[] = {"docker", "inspect", "--format", "{{.HostConfig.Dns}}",
					   apps[i],  NULL};

		if (docker_ask(words, ask) != 0 || strcmp(words, nobody_alone) != 0)
			return false;
	}
	return true;
}

/* CVE-2024-29018: names that nobody on an internal network has went to the host's resolvers. */
static void check_names(const struct doctor *doctor, unsigned number,
			struct doctor_finding *finding)
{
	char words[WORDS_SIZE];
	unsigned long version;

	(void)doctor, (void)number;
	if (!engine_version(words, &version, finding))
		return;
	if (version >= 260000 || (version >= 250005 && version < 260000) ||
	    (version >= 230011 && version < 240000)) {
		doctor_find(finding, DOCTOR_OK,
			    "engine %.40s keeps the names of internal networks to itself", words);
		return;
	}
	if (apps_ask_nobody()) {
		doctor_find(finding, DOCTOR_OK,
			    "engine %.40s forwards names that apps ask 127.0.0.11 for "
			    "(CVE-2024-29018), but those of the apps to %s, where nobody is",
			    words, nobody);
		return;
	}
	if (!docker_answers(finding))
		return;
	doctor_find(finding, DOCTOR_FAIL,
		    "engine %.40s forwards names that apps ask 127.0.0.11 for to the host's "
		    "resolvers, outside every tunnel (CVE-2024-29018)",
		    words);
	doctor_cure(finding, "update to Engine 26 or later; until then 'dns: [198.51.100.1]' at "
			     "every app, as compose.yaml has it, leads them nowhere");
}

/* The host's address on a bridge; AF_UNSPEC: it has none. -1 + errno. */
static int bridge_address(const char *bridge, struct address *found)
{
	struct ifaddrs *list;

	*found = (struct address){0};
	if (if_nametoindex(bridge) == 0 || getifaddrs(&list) < 0)
		return -1;
	for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
		if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET &&
		    strcmp(at->ifa_name, bridge) == 0)
			*found = address_from_sockaddr(at->ifa_addr, sizeof(struct sockaddr_in));
	}
	freeifaddrs(list);
	return 0;
}

static void difference_pass(void *arg, const char *words)
{
	(void)arg, (void)words;
}

/* Are the host rules of that bridge in force? FIREWALL_ABSENT: not these. */
static enum firewall_result host_rules(const char *bridge, char problem[FIREWALL_PROBLEM_SIZE])
{
	const struct firewall_policy policy = {.bridge = bridge};
	struct firewall *firewall = firewall_open(problem);
	enum firewall_result result = FIREWALL_FAILED;
	struct firewall_rules wanted = {0};
	struct ruleset found;
	const char *words;

	if (firewall == NULL)
		return FIREWALL_FAILED;
	if (firewall_derive(FIREWALL_HOST, &policy, NULL, &wanted, &words) < 0) {
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "%s", words);
		goto out;
	}
	result = firewall_read(firewall, wanted.tables[0].family, wanted.tables[0].table, &found);
	if (result == FIREWALL_FAILED)
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "%s", firewall_problem(firewall));
	if (result == FIREWALL_OK) {
		if (ruleset_diff(&wanted.tables[0], &found, difference_pass, NULL) > 0)
			result = FIREWALL_ABSENT;
		ruleset_clear(&found);
	}
out:
	firewall_rules_clear(&wanted);
	firewall_close(firewall);
	return result;
}

/* The host has an address on the bridge: who answers what is sent there? */
static void host_judge(const char *bridge, const struct address *host, const char *engine,
		       struct doctor_finding *finding)
{
	char problem[FIREWALL_PROBLEM_SIZE], name[ADDRESS_TEXT_SIZE];

	address_format(host, name);
	switch (host_rules(bridge, problem)) {
	case FIREWALL_OK:
		doctor_find(finding, DOCTOR_OK,
			    "%s is internal; engine %.40s gives the host %s on it, and the host "
			    "rules refuse what comes from %s",
			    apps_network, engine, name, bridge);
		return;
	case FIREWALL_ABSENT:
		doctor_find(finding, DOCTOR_WARN,
			    "%s is internal, but engine %.40s gives the host %s on it, and nobody "
			    "keeps the apps from the host's services: the host rules of %s are not "
			    "in force",
			    apps_network, engine, name, bridge);
		break;
	default:
		doctor_find(finding, DOCTOR_UNKNOWN,
			    "%s is internal; engine %.40s gives the host %s on it, and whether the "
			    "host rules are in force cannot be read: %.200s",
			    apps_network, engine, name, problem);
		break;
	}
	doctor_cure(finding,
		    "egressctl rules apply host --bridge %s; compose/README.md has it at boot\n"
		    "or a network as in compose.yaml: docker compose down, docker compose up -d",
		    bridge);
}

/* Who keeps the apps from the host: the engine, our rules, or nobody. */
static void check_network(const struct doctor *doctor, unsigned number,
			  struct doctor_finding *finding)
{
	static const char *const ask[] = {"docker",     "network",    "inspect", "--format",
					  network_form, apps_network, NULL};
	char words[WORDS_SIZE], engine[WORDS_SIZE];
	struct address host;
	unsigned long version;
	const char *bridge;

	(void)doctor, (void)number;
	if (!engine_version(engine, &version, finding))
		return;
	if (docker_ask(words, ask) != 0) {
		if (!docker_answers(finding))
			return;
		doctor_find(finding, DOCTOR_UNKNOWN, "docker knows no network %s", apps_network);
		doctor_cure(finding, "docker compose up -d makes it");
		return;
	}
	if (strncmp(words, "true ", 5) != 0) {
		doctor_find(finding, DOCTOR_FAIL,
			    "the network %s is not internal: the apps have a way out beside "
			    "egressd",
			    apps_network);
		doctor_cure(finding, "internal: true, as compose.yaml has it; then docker compose "
				     "down, docker compose up -d");
		return;
	}
	bridge = words + 5;
	if (bridge_address(bridge, &host) < 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "%s is internal; its bridge %.40s: %s",
			    apps_network, bridge, strerror(errno));
		doctor_cure(finding, "run this on the machine, and in the network, of the engine");
	} else if (host.family == AF_UNSPEC) {
		doctor_find(finding, DOCTOR_OK,
			    "%s is internal, and engine %.40s isolates it: the host has no address "
			    "on %.40s",
			    apps_network, engine, bridge);
	} else {
		host_judge(bridge, &host, engine, finding);
	}
}

/* A container made anew takes its namespace away from those that had joined it for good. */
static void check_recreation(const struct doctor *doctor, unsigned number,
			     struct doctor_finding *finding)
{
	static const char *const ask[] = {
		"docker", "inspect", "--format", "{{.HostConfig.NetworkMode}}", container, NULL};
	char words[WORDS_SIZE], state[WORDS_SIZE];
	const char *ask_owner[] = {"docker", "inspect", "--format", "{{.State.Status}}",
				   NULL,     NULL};

	(void)doctor, (void)number;
	if (docker_ask(words, ask) != 0) {
		if (docker_answers(finding))
			doctor_find(finding, DOCTOR_UNKNOWN, "docker tells of no container %s",
				    container);
		return;
	}
	if (strncmp(words, "container:", strlen("container:")) != 0) {
		doctor_find(finding, DOCTOR_SKIP, "%s has a network namespace of its own",
			    container);
		return;
	}
	ask_owner[4] = words + strlen("container:");
	if (docker_ask(state, ask_owner) == 0) {
		doctor_find(finding, DOCTOR_OK,
			    "the container whose namespace %s shares is there (%.40s)", container,
			    state);
		return;
	}
	if (!docker_answers(finding))
		return;
	doctor_find(finding, DOCTOR_FAIL,
		    "orphaned: Gluetun was made anew, and %s cannot join a container that is gone",
		    container);
	doctor_cure(finding, "docker compose up -d --force-recreate egress");
}

const struct doctor_check doctor_host_checks[] = {
	{"names", check_names, 0},
	{"network", check_network, 0},
	{"recreation", check_recreation, 0},
	{0},
};
