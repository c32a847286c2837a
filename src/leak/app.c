/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The app whose namespace is tried: what the processes there may do, and where its proxy is. */
#include "app.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/special.h"
#include "config/config.h"

enum {
	NET_CAPABILITIES = 0x3c00, /* NET_BIND_SERVICE, NET_BROADCAST, NET_ADMIN, NET_RAW */
	CAPABILITY_NET_RAW = 13,
};

static int app_open_file(const char *app, char *path, size_t size)
{
	if (strchr(app, '/') != NULL)
		snprintf(path, size, "%s", app);
	else if (app[strspn(app, "0123456789")] == '\0')
		snprintf(path, size, "/proc/%s/ns/net", app);
	else
		snprintf(path, size, "/run/netns/%s", app);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The bounding set of a process: the most that it or what it starts can ever have. */
static uint64_t process_capabilities(const char *pid)
{
	char path[64], line[200];
	uint64_t mask = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "CapBnd:", 7) == 0)
			mask = strtoull(line + 7, NULL, 16);
	}
	if (file != NULL)
		fclose(file);
	return mask;
}

/* What the processes in the namespace can do, all taken together. Returns how many there are. */
static size_t namespace_capabilities(ino_t inode, uint64_t *mask)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	*mask = 0;
	while (processes != NULL && (entry = readdir(processes)) != NULL) {
		char path[64];
		struct stat status;

		/* Who tests is no app, nor is who started it. */
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    strtol(entry->d_name, NULL, 10) == getpid() ||
		    strtol(entry->d_name, NULL, 10) == getppid())
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/ns/net", entry->d_name);
		if (stat(path, &status) < 0 || status.st_ino != inode)
			continue;
		*mask |= process_capabilities(entry->d_name);
		count++;
	}
	if (processes != NULL)
		closedir(processes);
	return count;
}

static void app_describe(struct leak_run *run, size_t processes)
{
	const char *raw =
		(run->app_capabilities >> CAPABILITY_NET_RAW & 1) != 0 ? "with" : "without";

	if (processes > 0)
		snprintf(run->app_who, sizeof(run->app_who), "%.20s (%zu process%s, %s NET_RAW)",
			 run->options->app, processes, processes == 1 ? "" : "es", raw);
	else
		snprintf(run->app_who, sizeof(run->app_who),
			 "%.20s (nobody runs there: tried with NET_RAW)", run->options->app);
}

/* The proxy of the policy: its first listener that speaks HTTP without login. */
static void proxy_find(struct leak_run *run)
{
	const struct config *config = run->options->config;
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < config->listener_count && run->proxy.family == AF_UNSPEC; i++) {
		const struct listen_config *listener = &config->listeners[i];

		if (listener->kind == LISTEN_SOCKS || listener->auth_file != NULL ||
		    listener->tls_certificate_file != NULL)
			continue;
		run->proxy = listener->address;
		if (address_class(&run->proxy) == ADDRESS_UNSPECIFIED)
			run->proxy = (struct address){.family = AF_INET,
						      .port = listener->address.port,
						      .bytes = {127, 0, 0, 1}};
	}
	if (run->options->proxy_url != NULL)
		snprintf(run->proxy_url, sizeof(run->proxy_url), "%s", run->options->proxy_url);
	else if (run->proxy.family != AF_UNSPEC)
		snprintf(run->proxy_url, sizeof(run->proxy_url), "http://%s",
			 address_format_endpoint(&run->proxy, text));
}

/* A listener on every address: what the app calls it is an address here in the app's network. */
static void proxy_name(struct leak_run *run)
{
	char text[ADDRESS_TEXT_SIZE];

	if (run->app_netns < 0 || address_class(&run->proxy) != ADDRESS_LOOPBACK ||
	    run->options->proxy_url != NULL)
		return;
	for (size_t i = 0; i < run->here.count && run->app_link != NULL; i++) {
		struct address address = run->here.links[i].ipv4;

		address.port = run->proxy.port;
		if (address.family != AF_INET || run->app_link->bits4 == 0 ||
		    ntohl(address.v4.s_addr ^ run->app_link->ipv4.v4.s_addr) >>
				    (32 - run->app_link->bits4) !=
			    0)
			continue;
		run->proxy = address;
		snprintf(run->proxy_url, sizeof(run->proxy_url), "http://%s",
			 address_format_endpoint(&address, text));
	}
}

static bool app_fail(struct leak_run *run, const char *path)
{
	bool allowed = errno != EPERM && errno != EACCES;

	run->report->problem_exit = allowed ? LEAK_EXIT_USAGE : LEAK_EXIT_PRIVILEGE;
	snprintf(run->report->problem, sizeof(run->report->problem),
		 "the app's namespace %.150s cannot be entered: %s%s", path, strerror(errno),
		 allowed ? ""
			 : " (it takes SYS_ADMIN; run egressctl leak-test in a container attached "
			   "to the app instead)");
	return false;
}

bool leak_app_open(struct leak_run *run)
{
	char path[256];
	struct stat status, here;
	size_t processes;

	proxy_find(run);
	if (run->options->app == NULL)
		return true;
	run->app_netns = app_open_file(run->options->app, path, sizeof(path));
	if (run->app_netns < 0 || fstat(run->app_netns, &status) < 0 ||
	    network_read(run->app_netns, &run->app) < 0)
		return app_fail(run, path);
	run->app_is_here = stat("/proc/self/ns/net", &here) == 0 && here.st_ino == status.st_ino;
	processes = namespace_capabilities(status.st_ino, &run->app_capabilities);
	if (processes == 0)
		run->app_capabilities = UINT64_C(1) << CAPABILITY_NET_RAW;
	run->app_capabilities &= NET_CAPABILITIES;
	app_describe(run, processes);
	for (size_t i = 0; i < run->app.count; i++) {
		const struct network_link *link = &run->app.links[i];

		if (!link->loopback && link->up && (run->app_link == NULL || !link->default4))
			run->app_link = link;
	}
	proxy_name(run);
	return true;
}
