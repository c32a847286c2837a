/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request targets (RFC 9112 3.2). Private to this layer. */
#ifndef PROTO_HTTP_TARGET_H
#define PROTO_HTTP_TARGET_H

#include <stdbool.h>

#include "base/span.h"
#include "http_fields.h"
#include "proto/http_head.h"

/*
 * "host" or "host:port" with a strict port of 1-65535; *port stays as it is when there is none, and
 * *has_port tells. An IPv6 address needs its brackets. Userinfo is no host.
 */
bool http_parse_authority(struct span text, struct host *host, uint16_t *port, bool *has_port);

/* Fills host, port, path and is_origin_form from the target. The method is known already. */
bool http_parse_target(struct span target, bool upgrades_to_websocket, struct http_request *request,
		       struct http_problem *problem);

#endif
