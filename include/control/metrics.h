/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes Prometheus' text exposition format (version 0.0.4) into a buffer that grows. */
#ifndef CONTROL_METRICS_H
#define CONTROL_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics;

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
};

struct metric_label {
	const char *name;  /* our own word */
	const char *value; /* escaped; what is not UTF-8 becomes '?'; NULL: left out */
};

/* NULL + errno. */
MUST_CHECK struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Begins a family: name, help and type are our own words, said once and before its samples. */
void metrics_family(struct metrics *metrics, const char *name, enum metric_type type,
		    const char *help);

/* A sample of the family begun last. */
void metrics_count(struct metrics *metrics, const struct metric_label *labels, size_t label_count,
		   uint64_t value);

/* The same in seconds, given in milliseconds. */
void metrics_seconds(struct metrics *metrics, const struct metric_label *labels, size_t label_count,
		     int64_t value_ms);

/* Everything so far, borrowed. NULL: memory ran out on the way, and a part would be a lie. */
const char *metrics_text(const struct metrics *metrics, size_t *len);

#endif
