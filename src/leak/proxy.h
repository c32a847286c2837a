/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: requests through the proxy. */
#ifndef LEAK_PROXY_H
#define LEAK_PROXY_H

#include "run.h"

struct proxy_answer {
	bool done;
	int error; /* libcurl's; 0: the proxy answered */
	char problem[160];
	long status;            /* of the origin, or of the proxy's refusal */
	long connected;         /* of CONNECT; 0: none */
	char proxy_status[200]; /* egressd's field; "": not from egressd itself */
	char body[4096];
	size_t body_len;
};

enum asking_way {
	ASK_PROXY,    /* the gateway's, as the app */
	ASK_UPSTREAM, /* the proxy that an egress leads to, as the gateway's own does */
	ASK_DIRECTLY, /* nobody, bound to the uplink */
};

struct asking {
	const char *url;
	enum asking_way way;
	const char *upstream_url;
	witness_fn *seen; /* NULL, or each sighting goes there; false from it ends the request */
	void *arg;
};

/* One request. Goes on watching. */
void proxy_ask(struct leak_run *run, const struct asking *asking, struct proxy_answer *answer);

#endif
