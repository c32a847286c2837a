/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the load generator can do to a proxy. Each runs to its end and leaves the figures in load
 * and in the result. */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "client.h"
#include "usage.h"

struct result {
	double seconds;
	double units;
	int64_t cpu_ns;
	struct usage before;
	struct usage after; /* with the tunnels at work; else, when all is over */
	int64_t started_at;
	int64_t cpu_started;
};

/* Marks the ends of what is measured; start also clears the units and times counted so far. */
void result_start(struct load *load, struct result *result);
void result_stop(struct load *load, struct result *result);

/* Opens so many tunnels, no more than 64 at a time, and waits until each is open or has failed. */
void load_open(struct load *load, unsigned count);

void bulk_down(struct load *load, struct result *result);
void bulk_up(struct load *load, struct result *result);
void loop_connect(struct load *load, struct result *result);
void loop_open(struct load *load, struct result *result);
void loop_pingpong(struct load *load, struct result *result);
void loop_http(struct load *load, struct result *result);
void idle_hold(struct load *load, struct result *result);

#endif
