/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: network namespaces, by their names and by who is in them. */
#ifndef LEAK_NAMESPACES_H
#define LEAK_NAMESPACES_H

#include <stddef.h>

#include "base/compiler.h"

struct config;

struct client_place {
	int netns;          /* the caller's to close */
	const char *client; /* its name in the policy, which owns it */
};

/* A descriptor of the namespace of a process, of a name of ip-netns(8), of a path. -1 + errno. */
MUST_CHECK int namespace_open(const char *name);

/* The namespaces other than this one and the first process's that have an address of a client of
 * the policy, each once; the first max of them. */
MUST_CHECK size_t namespaces_of_clients(const struct config *config, struct client_place *places,
					size_t max);

#endif
