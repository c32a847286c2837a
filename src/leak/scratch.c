/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A private gateway, wired anew for each scene. */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SCRATCH_PORT = 4443, /* one that takes no NET_BIND_SERVICE */
	SCRATCH_BITS = 24,
	SCRATCH_BACKLOG = 8,
	METRIC_TUNNEL = 10,
	METRIC_UPLINK = 100,
};

#define FAR_TUNNEL "far-tun"
#define FAR_UPLINK "far-up"

/* Of the range that providers use among themselves (RFC 6598). */
static struct address address_of(uint8_t network, uint8_t host)
{
	return (struct address){.family = AF_INET, .bytes = {100, 64, network, host}};
}

static int device_make(const char *device, uint8_t network, uint8_t host)
{
	struct address address = address_of(network, host);

	return network_add_address(device, &address, SCRATCH_BITS) < 0 ||
			       network_set_up(device, true) < 0
		       ? -1
		       : 0;
}

static int far_make(void *arg)
{
	(void)arg;
	return device_make(FAR_TUNNEL, 1, 1) < 0 || device_make(FAR_UPLINK, 2, 1) < 0 ? -1 : 0;
}

int scratch_renew(struct scratch *scratch)
{
	/* Their other ends go with them. */
	(void)!network_remove_link(scratch->tunnel);
	(void)!network_remove_link(SCRATCH_UPLINK);
	if (network_add_pair(scratch->tunnel, FAR_TUNNEL, scratch->far) < 0 ||
	    network_add_pair(SCRATCH_UPLINK, FAR_UPLINK, scratch->far) < 0 ||
	    device_make(scratch->tunnel, 1, 2) < 0 || device_make(SCRATCH_UPLINK, 2, 2) < 0 ||
	    network_visit(scratch->far, far_make, NULL) < 0 ||
	    network_set_default(scratch->tunnel, AF_INET, METRIC_TUNNEL, true) < 0 ||
	    network_set_default(SCRATCH_UPLINK, AF_INET, METRIC_UPLINK, true) < 0)
		return -1;
	return 0;
}

static int far_listen(void *arg)
{
	struct scratch *scratch = arg;
	struct sockaddr_storage storage;
	socklen_t len = address_to_sockaddr(&scratch->target, &storage);

	if (network_add_address("lo", &scratch->target, 32) < 0 || network_set_up("lo", true) < 0)
		return -1;
	scratch->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return scratch->listener < 0 ||
			       bind(scratch->listener, (struct sockaddr *)&storage, len) < 0 ||
			       listen(scratch->listener, SCRATCH_BACKLOG) < 0
		       ? -1
		       : 0;
}

int scratch_open(struct scratch *scratch, const char *tunnel, char problem[WITNESS_PROBLEM_SIZE])
{
	*scratch = (struct scratch){.listener = -1, .tunnel = tunnel};
	scratch->target = address_of(9, 9);
	scratch->target.port = SCRATCH_PORT;
	if (unshare(CLONE_NEWNET) < 0)
		goto fail;
	scratch->far = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (scratch->far < 0 || unshare(CLONE_NEWNET) < 0 || network_set_up("lo", true) < 0 ||
	    network_visit(scratch->far, far_listen, scratch) < 0 || scratch_renew(scratch) < 0)
		goto fail;
	scratch->witness = witness_new(NULL, problem);
	return scratch->witness == NULL ? -1 : 0;
fail:
	snprintf(problem, WITNESS_PROBLEM_SIZE,
		 "no private network could be made here, which takes SYS_ADMIN: %s",
		 strerror(errno));
	return -1;
}
