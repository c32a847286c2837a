/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control API's answers: the daemon's plain structs as JSON and as Prometheus' text. */
#ifndef EGRESSD_API_ENCODE_H
#define EGRESSD_API_ENCODE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct api_connection;
struct api_status;
struct metrics;
struct warden_report;

/* A text as JSON: null for NULL, and '?' for each byte that is not UTF-8. */
json_t *api_encode_text(const char *text);

/* NULL: no memory. */
json_t *api_encode_status(const struct api_status *status, int64_t now_ms);
json_t *api_encode_rules(const struct warden_report *report);
json_t *api_encode_connections(const struct api_connection *list, size_t count, int64_t now_ms);

void api_encode_metrics(const struct api_status *status, struct metrics *metrics);

#endif
