/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process tree has used, from its CPU clocks and /proc. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "usage.h"

/* Deep enough for any proxy, and an end for a tree that changes while it is read. */
enum { TREE_DEPTH = 8 };

int64_t usage_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The clock of a process has nanoseconds and includes its ended threads; /proc/PID/stat has the
 * same in ticks. */
static int64_t usage_process_ns(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
		return 0;
	return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

/* Children that ended and were waited for: known in ticks only. */
static int64_t usage_ended_children_ns(pid_t pid)
{
	char path[64], line[1024], *rest;
	unsigned long long ticks = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* The name may hold blanks and parentheses: the fields begin after the last one, with the
	 * third; user and system time are the sixteenth and the seventeenth. */
	if (fgets(line, sizeof(line), file) && (rest = strrchr(line, ')'))) {
		for (int field = 3; field <= 16 && rest; field++)
			rest = strchr(rest + 1, ' ');
		if (rest) {
			ticks = strtoull(rest, &rest, 10);
			ticks += strtoull(rest, NULL, 10);
		}
	}
	fclose(file);
	return (int64_t)(ticks * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK)));
}

static long usage_entries(pid_t pid, const char *folder)
{
	char path[64];
	struct dirent *entry;
	long count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, folder);
	directory = opendir(path);
	if (!directory)
		return 0;
	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

static long usage_memory_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (kib == 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Pss:", 4) == 0)
			kib = strtol(line + 4, NULL, 10);
	}
	fclose(file);
	return kib;
}

static void usage_add(struct usage *usage, pid_t pid, bool all, int depth)
{
	char path[80], *child = NULL;
	size_t room = 0;
	FILE *file;

	usage->cpu_ns += usage_process_ns(pid) + usage_ended_children_ns(pid);
	if (all) {
		usage->memory_kib += usage_memory_kib(pid);
		usage->descriptors += usage_entries(pid, "fd");
		usage->threads += usage_entries(pid, "task");
	}
	/* A proxy's processes are children of its first thread. */
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = depth < TREE_DEPTH ? fopen(path, "re") : NULL;
	if (!file)
		return;
	while (getdelim(&child, &room, ' ', file) > 0)
		usage_add(usage, (pid_t)strtol(child, NULL, 10), all, depth + 1);
	free(child);
	fclose(file);
}

int64_t usage_cpu_ns(pid_t pid)
{
	struct usage usage = {0};

	if (pid > 0)
		usage_add(&usage, pid, false, 0);
	return usage.cpu_ns;
}

struct usage usage_read(pid_t pid)
{
	struct usage usage = {0};

	if (pid > 0)
		usage_add(&usage, pid, true, 0);
	return usage;
}
