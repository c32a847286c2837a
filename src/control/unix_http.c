/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question in HTTP over a Unix socket, by libcurl. */
#include "control/unix_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	CONNECT_TIMEOUT_MS = 2000,
};

struct taking {
	struct buffer *body;
	size_t max;
	bool until_first;
	bool full;
};

static size_t unix_http_on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct taking *taking = arg;
	size_t len = size * count;

	taking->full = len > taking->max - buffer_len(taking->body);
	if (taking->full || buffer_append(taking->body, bytes, len) < 0)
		return 0;
	return taking->until_first ? 0 : len;
}

static void unix_http_set(CURL *curl, const struct unix_http_request *request, const char *url)
{
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->socket_path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	/* The http_proxy of whoever calls has no say in this. */
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, unix_http_on_bytes);
	if (request->body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
}

static enum unix_http_outcome unix_http_judge(CURLcode code, long status, long error,
					      const struct taking *taking)
{
	if (code == CURLE_OK)
		return status > 0 ? UNIX_HTTP_ANSWERED : UNIX_HTTP_ODD;
	if (code == CURLE_COULDNT_CONNECT)
		return error == EACCES || error == EPERM ? UNIX_HTTP_FORBIDDEN : UNIX_HTTP_NOBODY;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return UNIX_HTTP_LATE;
	if (code != CURLE_WRITE_ERROR)
		return UNIX_HTTP_ODD;
	if (taking->until_first && !taking->full)
		return UNIX_HTTP_ANSWERED;
	return taking->full ? UNIX_HTTP_TOO_MUCH : UNIX_HTTP_NO_MEMORY;
}

enum unix_http_outcome unix_http_ask(const struct unix_http_request *request,
				     struct unix_http_answer *answer)
{
	struct taking taking = {.body = &answer->body,
				.max = request->answer_max,
				.until_first = request->until_first};
	struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
	enum unix_http_outcome outcome = UNIX_HTTP_NO_MEMORY;
	CURL *curl = curl_easy_init();
	long status = 0, error = 0;
	char *url = NULL;
	CURLcode code;

	*answer = (struct unix_http_answer){0};
	if (asprintf(&url, "http://local%s", request->path) < 0)
		url = NULL;
	if (curl == NULL || head == NULL || url == NULL)
		goto out;
	unix_http_set(curl, request, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &taking);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
	answer->status = (int)status;
	outcome = unix_http_judge(code, status, error, &taking);
out:
	curl_easy_cleanup(curl);
	curl_slist_free_all(head);
	free(url);
	return outcome;
}

const char *unix_http_text(const struct unix_http_answer *answer)
{
	return buffer_len(&answer->body) > 0 ? (const char *)buffer_start(&answer->body) : "";
}

void unix_http_answer_clear(struct unix_http_answer *answer)
{
	buffer_clear(&answer->body);
}
