/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QBITTORRENT_URL leads to one of our own addresses, or to a neighbour's. */
#include "egressctl/torrents.h"

#include <curl/curl.h>
#include <netdb.h>
#include <stdlib.h>

#include "egressctl/interfaces.h"

/* Of QBITTORRENT_URL; malloc()ed by libcurl. NULL: it is not set, or no URL. */
static char *host_named(void)
{
	const char *url = getenv("QBITTORRENT_URL");
	CURLU *parts = url == NULL ? NULL : curl_url();
	char *host = NULL;

	if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
		(void)!curl_url_get(parts, CURLUPART_HOST, &host, 0);
	curl_url_cleanup(parts);
	return host;
}

enum torrents_place torrents_find(struct address *address)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char *host = host_named(), device[IFNAMSIZ];
	int result;

	if (host == NULL)
		return TORRENTS_UNKNOWN;
	/* A resolver that is away must not keep anybody waiting. */
	(void)setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
	result = getaddrinfo(host, NULL, &hints, &found);
	curl_free(host);
	if (result != 0)
		return TORRENTS_UNKNOWN;
	*address = address_from_sockaddr(found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return interface_with(address, device) ? TORRENTS_INSIDE : TORRENTS_OUTSIDE;
}
