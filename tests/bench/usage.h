/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process and all its descendants have used: CPU time, memory, descriptors, threads. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
	int64_t cpu_ns;
	long memory_kib; /* proportional: pages shared by the processes count once */
	long descriptors;
	long threads;
};

int64_t usage_now_ns(void);

/* CPU only, cheap enough to ask at both ends of a short run. Includes threads and children that
 * have ended. */
int64_t usage_cpu_ns(pid_t pid);

/* Everything; zeros for a process that is not there. */
struct usage usage_read(pid_t pid);

#endif
