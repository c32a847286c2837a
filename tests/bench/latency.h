/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A histogram of times with 1.6 % resolution and a fixed size. */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdint.h>

/* 64 steps for each doubling, up to 2^40 ns (18 minutes). */
enum { LATENCY_STEPS = 64, LATENCY_BUCKETS = 36 * LATENCY_STEPS };

struct latency {
	uint64_t count;
	uint64_t buckets[LATENCY_BUCKETS];
};

void latency_clear(struct latency *latency);
void latency_add(struct latency *latency, int64_t ns);

/* The time in µs that so large a part (0..1) stayed under; 0 without any. */
double latency_us(const struct latency *latency, double part);

#endif
