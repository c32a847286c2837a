/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A histogram of times: the top six bits below the leading one choose the bucket. */
#include <string.h>

#include "latency.h"

void latency_clear(struct latency *latency)
{
	memset(latency, 0, sizeof(*latency));
}

static unsigned latency_bucket(uint64_t ns)
{
	unsigned exponent, bucket;

	if (ns < LATENCY_STEPS)
		return (unsigned)ns;
	exponent = 63U - (unsigned)__builtin_clzll(ns) - 6U;
	bucket =
		(exponent + 1) * LATENCY_STEPS + (unsigned)((ns >> exponent) & (LATENCY_STEPS - 1));
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static double latency_bucket_ns(unsigned bucket)
{
	unsigned exponent = bucket / LATENCY_STEPS;
	uint64_t step = bucket % LATENCY_STEPS;

	if (exponent == 0)
		return (double)step;
	return (double)((LATENCY_STEPS + step) << (exponent - 1));
}

void latency_add(struct latency *latency, int64_t ns)
{
	latency->count++;
	latency->buckets[latency_bucket(ns > 0 ? (uint64_t)ns : 0)]++;
}

double latency_us(const struct latency *latency, double part)
{
	uint64_t wanted = (uint64_t)((double)latency->count * part);
	uint64_t seen = 0;

	for (unsigned bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
		seen += latency->buckets[bucket];
		if (seen > wanted)
			return latency_bucket_ns(bucket) / 1000.0;
	}
	return 0;
}
