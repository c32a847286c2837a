/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upstream proxies as the policy names them. */
#include "net/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "net/tls.h"

struct upstream *upstream_new(const struct proxy_url *url)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));

	if (upstream == NULL)
		return NULL;
	upstream->url = *url;
	if (url->kind == PROXY_HTTPS) {
		upstream->tls = tls_client_new();
		if (upstream->tls == NULL)
			goto fail;
	}
	return upstream;
fail:
	upstream_free(upstream);
	return NULL;
}

void upstream_free(struct upstream *upstream)
{
	if (upstream == NULL)
		return;
	if (upstream->tls != NULL)
		tls_free(upstream->tls);
	/* The login goes with it: nothing of it stays behind in the heap. */
	explicit_bzero(upstream, sizeof(*upstream));
	free(upstream);
}
