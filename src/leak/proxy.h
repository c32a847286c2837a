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

/* One request as the app, or from here. direct: without the proxy, bound to the uplink. Goes on
 * watching: each sighting goes to seen, when it is given; false from it ends the request. */
void proxy_ask(struct leak_run *run, const char *url, bool direct, struct proxy_answer *answer,
	       witness_fn *seen, void *arg);

#endif
