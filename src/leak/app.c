/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The apps whose namespaces are tried: what the processes there may do, and where the proxy is. */
#include "app.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/special.h"
#include "config/config.h"
#include "namespaces.h"

enum {
	NET_CAPABILITIES = 0x3c00, /* NET_BIND_SERVICE, NET_BROADCAST, NET_ADMIN, NET_RAW */
	CAPABILITY_NET_RAW = 13,
};

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

static void app_describe(struct leak_app *app, const char *name, size_t processes)
{
	const char *raw = (app->capabilities >> CAPABILITY_NET_RAW & 1) != 0 ? "with" : "without";

	if (processes > 0)
		snprintf(app->who, sizeof(app->who), "%.20s (%zu process%s, %s NET_RAW)", name,
			 processes, processes == 1 ? "" : "es", raw);
	else
		snprintf(app->who, sizeof(app->who),
			 "%.20s (nobody runs there: tried with NET_RAW)", name);
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

	if (run->app->netns < 0 || address_class(&run->proxy) != ADDRESS_LOOPBACK ||
	    run->options->proxy_url != NULL)
		return;
	for (size_t i = 0; i < run->here.count && run->app->link != NULL; i++) {
		struct address address = run->here.links[i].ipv4;

		address.port = run->proxy.port;
		if (address.family != AF_INET || run->app->link->bits4 == 0 ||
		    ntohl(address.v4.s_addr ^ run->app->link->ipv4.v4.s_addr) >>
				    (32 - run->app->link->bits4) !=
			    0)
			continue;
		run->proxy = address;
		snprintf(run->proxy_url, sizeof(run->proxy_url), "http://%s",
			 address_format_endpoint(&address, text));
	}
}

static bool app_fail(struct leak_run *run, const char *name, int error)
{
	bool allowed = error != EPERM && error != EACCES;
	const char *cure = "";

	if (!allowed)
		cure = " (it takes SYS_ADMIN; run egressctl leak-test in a container attached to "
		       "the app instead)";
	else if (error == ENOENT)
		cure = " (name a process that runs, a name of ip-netns(8), or a path)";

	run->report->problem_exit = allowed ? LEAK_EXIT_USAGE : LEAK_EXIT_PRIVILEGE;
	snprintf(run->report->problem, sizeof(run->report->problem),
		 "the app's namespace %.150s cannot be entered: %s%s", name, strerror(error), cure);
	return false;
}

/* One that is left out would not be tried, and would look as safe as the others. */
static bool apps_fail_many(struct leak_run *run)
{
	run->report->problem_exit = LEAK_EXIT_USAGE;
	snprintf(run->report->problem, sizeof(run->report->problem),
		 "more than %d apps at once: name some with --netns, and the others in another run",
		 LEAK_APPS_MAX);
	return false;
}

static bool app_add(struct leak_run *run, int netns, const char *name)
{
	struct leak_app *app = &run->apps[run->app_count];
	struct stat status, here;
	size_t processes;

	if (run->app_count == LEAK_APPS_MAX) {
		fd_close(netns);
		return apps_fail_many(run);
	}
	app->netns = netns;
	if (netns < 0 || fstat(netns, &status) < 0 || network_read(netns, &app->network) < 0)
		return app_fail(run, name, errno);
	run->app_count++;
	app->is_here = stat("/proc/self/ns/net", &here) == 0 && here.st_ino == status.st_ino;
	processes = namespace_capabilities(status.st_ino, &app->capabilities);
	if (processes == 0)
		app->capabilities = UINT64_C(1) << CAPABILITY_NET_RAW;
	app->capabilities &= NET_CAPABILITIES;
	app_describe(app, name, processes);
	for (size_t i = 0; i < app->network.count; i++) {
		const struct network_link *link = &app->network.links[i];

		if (!link->loopback && link->up && (app->link == NULL || !link->default4))
			app->link = link;
	}
	return true;
}

/* Every app on this machine that the policy knows by its address. */
static bool apps_add_clients(struct leak_run *run)
{
	struct client_place places[LEAK_APPS_MAX + 1]; /* one more says that there are more */
	size_t count = namespaces_of_clients(run->options->config, places, ARRAY_LEN(places));
	bool added = true;

	for (size_t i = 0; i < count; i++) {
		if (added)
			added = app_add(run, places[i].netns, places[i].client);
		else
			fd_close(places[i].netns);
	}
	if (count > 0)
		return added;
	run->report->problem_exit = LEAK_EXIT_USAGE;
	snprintf(run->report->problem, sizeof(run->report->problem),
		 "no process runs where an address of a client of the policy is: are the apps up, "
		 "and are this machine's processes seen (docker run --pid host)?");
	return false;
}

bool leak_apps_open(struct leak_run *run)
{
	const char *next = run->options->apps;
	char name[256];

	proxy_find(run);
	while (next != NULL && *next != '\0') {
		size_t len = strcspn(next, ",");

		snprintf(name, sizeof(name), "%.*s", (int)len, next);
		if (strcmp(name, "clients") == 0 ? !apps_add_clients(run)
						 : !app_add(run, namespace_open(name), name))
			return false;
		next += len + (next[len] == ',');
	}
	proxy_name(run);
	return true;
}
