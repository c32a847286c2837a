/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exits of a UDP association: a socket for each device and family. Private to net. */
#ifndef NET_ASSOCIATION_EXIT_H
#define NET_ASSOCIATION_EXIT_H

#include <event2/event_struct.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

struct association;

/* A socket towards the world. */
struct association_exit {
	struct association *association;
	struct association_exit *next;
	char device[IF_NAMESIZE]; /* "": the namespace's own routing */
	sa_family_t family;
	int fd;
	struct event event;
};

/* The exit for that route and family, opened at its first use. NULL + errno. */
MUST_CHECK struct association_exit *exit_get(struct association *association, const char *device,
					     sa_family_t family);
bool exit_is_on(const struct association_exit *exit, const char *device);
void exit_send(struct association_exit *exit, const struct address *peer, const uint8_t *payload,
	       size_t len);
void exit_free(struct association_exit *exit);

#endif
