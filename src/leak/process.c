/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the proxy among all processes, by what /proc says. */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct process {
	char name[32];
	pid_t parent;
	uint32_t uid;
};

static bool process_read(const char *pid, struct process *process)
{
	char path[64], line[200];
	FILE *file;

	*process = (struct process){.uid = UINT32_MAX};
	snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "Name:\t", 6) == 0)
			snprintf(process->name, sizeof(process->name), "%.*s",
				 (int)strcspn(line + 6, "\n"), line + 6);
		if (strncmp(line, "PPid:\t", 6) == 0)
			process->parent = (pid_t)strtol(line + 6, NULL, 10);
		if (strncmp(line, "Uid:\t", 5) == 0)
			process->uid = (uint32_t)strtoul(line + 5, NULL, 10);
	}
	fclose(file);
	return true;
}

static bool process_is_here(const char *pid)
{
	struct stat here, there;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
	return stat("/proc/self/ns/net", &here) == 0 && stat(path, &there) == 0 &&
	       here.st_ino == there.st_ino;
}

static bool process_is_proxy(const char *pid, uint32_t uid)
{
	struct process process, parent;
	char text[24];

	if (!process_read(pid, &process) || process.uid != uid ||
	    strcmp(process.name, "egressd") != 0 || !process_is_here(pid))
		return false;
	snprintf(text, sizeof(text), "%d", (int)process.parent);
	return process_read(text, &parent) && strcmp(parent.name, process.name) == 0;
}

pid_t process_find_proxy(uint32_t uid)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (processes != NULL && found == 0 && (entry = readdir(processes)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    process_is_proxy(entry->d_name, uid))
			found = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	if (processes != NULL)
		closedir(processes);
	return found;
}
