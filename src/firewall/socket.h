/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: the netlink socket and what is asked over it. */
#ifndef FIREWALL_SOCKET_H
#define FIREWALL_SOCKET_H

#include <libmnl/libmnl.h>

#include "batch.h"
#include "firewall/kernel.h"

enum {
	READ_TRIES = 20, /* as long as what is read keeps changing */
};

struct firewall {
	struct mnl_socket *socket;
	uint32_t port;
	uint32_t sequence; /* of questions; those of batches count from 0 */
	char problem[FIREWALL_PROBLEM_SIZE];
	int error;
};

/* What an error means, in words: "what: why". */
void socket_explain(char problem[FIREWALL_PROBLEM_SIZE], const char *what, int error,
		    const char *needs);

/* Sends a message that was built with this sequence number and gives every answer to take. -1 +
 * errno; EINTR: every answer was given, and the rules, anybody's, changed meanwhile. */
MUST_CHECK int socket_ask(struct firewall *firewall, struct nlmsghdr *message, mnl_cb_t take,
			  void *arg);

/*
 * Sends a batch. 0: nothing was refused as far as one could hear; else the first error, with what
 * the refused message needs of the kernel. Neither says what the kernel has now.
 */
MUST_CHECK int socket_send_batch(struct firewall *firewall, const struct batch *batch,
				 const char **needs);

#endif
