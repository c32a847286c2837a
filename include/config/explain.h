/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a config would do with a request, and why: on the very code that decides real ones. */
#ifndef CONFIG_EXPLAIN_H
#define CONFIG_EXPLAIN_H

#include <jansson.h>

#include "base/compiler.h"
#include "policy/policy.h"

struct config;

/*
 * client_text: the name of a client, or [USER@]ADDRESS as a connection would show it. target_text:
 * a URL, HOST:PORT, or HOST alone (port 443). The caller owns the answer:
 *
 *   client, host, port, transport, allowed (by the rules), dialled (allowed, and neither guard nor
 *   resolver refuse what can be told now), egress (null when denied), reason,
 *   rule {file, line, text}, considered [{file, line, text, why}] (rules before the one that
 *   decides),
 *   guard {class, allowed, why} for an address; name {local, resolved_by, servers, device,
 * upstream, why} for a name; both only when a rule allows it.
 *
 * NULL: *problem says what could not be understood (static).
 */
MUST_CHECK json_t *config_explain(const struct config *config, const char *client_text,
				  const char *target_text, enum transport transport,
				  const char **problem);

/* A few lines for people, out of config_explain's answer. malloc()ed; NULL: no memory. */
MUST_CHECK char *config_explain_text(const json_t *explained);

/* "socks5://172.31.0.5:1080": the URL without its login. Returns text, or "" for what is no URL. */
const char *config_upstream_text(const char *url, char *text, size_t size);

#endif
