/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is this still the network namespace that has a way out? When the container that it belongs to is
 * started anew, that one gets another, and we would stay in the old one, which looks well but for
 * its uplinks: they are gone.
 */
#ifndef WARDEN_NAMESPACE_H
#define WARDEN_NAMESPACE_H

#include <stdbool.h>

#include "base/compiler.h"

struct config;
struct event_base;
struct namespace_watch;

/* gone: of all that was up and was neither loopback nor a tunnel of the policy, nothing is left. */
typedef void namespace_changed_fn(void *arg, bool gone);

/* NULL + errno. The config is borrowed until the next one is given. */
MUST_CHECK struct namespace_watch *namespace_watch_new(struct event_base *base,
						       const struct config *config,
						       namespace_changed_fn *changed, void *arg);
void namespace_watch_free(struct namespace_watch *watch);
void namespace_watch_use(struct namespace_watch *watch, const struct config *config);

#endif
