/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prometheus' text exposition format. */
#include "control/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct metrics {
	FILE *out; /* open_memstream() */
	char *bytes;
	size_t len;
	const char *family;
};

struct metrics *metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	metrics->out = open_memstream(&metrics->bytes, &metrics->len);
	if (!metrics->out) {
		free(metrics);
		return NULL;
	}
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	fclose(metrics->out);
	free(metrics->bytes);
	free(metrics);
}

void metrics_family(struct metrics *metrics, const char *name, enum metric_type type,
		    const char *help)
{
	metrics->family = name;
	fprintf(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
		type == METRIC_COUNTER ? "counter" : "gauge");
}

static void metrics_escape(FILE *out, const char *value)
{
	for (size_t len; *value; value += len) {
		len = utf8_len(value, strlen(value));
		if (len == 0) {
			fputc('?', out);
			len = 1;
		} else if (*value == '\n') {
			fputs("\\n", out);
		} else {
			if (*value == '"' || *value == '\\')
				fputc('\\', out);
			fwrite(value, 1, len, out);
		}
	}
}

static void metrics_sample(struct metrics *metrics, const struct metric_label *labels, size_t count)
{
	size_t written = 0;

	fputs(metrics->family, metrics->out);
	for (size_t i = 0; i < count; i++) {
		if (!labels[i].value)
			continue;
		fprintf(metrics->out, "%c%s=\"", written++ == 0 ? '{' : ',', labels[i].name);
		metrics_escape(metrics->out, labels[i].value);
		fputc('"', metrics->out);
	}
	if (written > 0)
		fputc('}', metrics->out);
}

void metrics_count(struct metrics *metrics, const struct metric_label *labels, size_t label_count,
		   uint64_t value)
{
	metrics_sample(metrics, labels, label_count);
	fprintf(metrics->out, " %" PRIu64 "\n", value);
}

void metrics_seconds(struct metrics *metrics, const struct metric_label *labels, size_t label_count,
		     int64_t value_ms)
{
	metrics_sample(metrics, labels, label_count);
	fprintf(metrics->out, " %" PRId64 ".%03" PRId64 "\n", value_ms / 1000, value_ms % 1000);
}

const char *metrics_text(const struct metrics *metrics, size_t *len)
{
	if (fflush(metrics->out) != 0 || ferror(metrics->out))
		return NULL;
	*len = metrics->len;
	return metrics->bytes;
}
