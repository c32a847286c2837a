/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the daemon: one request by libcurl over the Unix socket. */
#include "control/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ANSWER_MAX = 32 << 20, /* a list of some 60,000 connections */
	CONNECT_TIMEOUT_MS = 2000,
	TIMEOUT_MS = 15000,
};

struct answer_bytes {
	char *bytes;
	size_t len, room;
};

static size_t client_on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct answer_bytes *answer = arg;
	size_t len = size * count;

	if (len > ANSWER_MAX - answer->len)
		return 0;
	if (answer->len + len > answer->room) {
		size_t room = 2 * (answer->len + len);
		char *grown = realloc(answer->bytes, room);

		if (!grown)
			return 0;
		answer->bytes = grown;
		answer->room = room;
	}
	memcpy(answer->bytes + answer->len, bytes, len);
	answer->len += len;
	return len;
}

static void client_explain(struct control_answer *answer, const char *path, CURLcode code,
			   long error)
{
	const char *format = "egressd at %s gave no answer that can be read";

	if (code == CURLE_COULDNT_CONNECT && (error == EACCES || error == EPERM))
		format = "%s may not be opened: only root and egressd's own user may ask it";
	else if (code == CURLE_COULDNT_CONNECT)
		format = "no egressd answers at %s: is it running? (start it, or name its socket "
			 "with --socket or its policy file with --config)";
	else if (code == CURLE_OPERATION_TIMEDOUT)
		format = "egressd at %s does not answer in time";
	else if (code == CURLE_WRITE_ERROR)
		format = "egressd at %s answers with more than can be taken";
	snprintf(answer->problem, sizeof(answer->problem), format, path);
}

static void client_set(CURL *curl, const char *socket_path, const char *method, const char *url,
		       const char *body)
{
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	/* The http_proxy of whoever calls has no say in this. */
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
	if (body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
}

static void client_perform(CURL *curl, const char *socket_path, struct control_answer *answer)
{
	struct answer_bytes bytes = {0};
	long status = 0;
	long error = 0;
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, client_on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &bytes);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
	if (code == CURLE_OK && status > 0) {
		answer->status = (int)status;
		if (bytes.bytes)
			answer->body = json_loadb(bytes.bytes, bytes.len, 0, NULL);
	} else {
		client_explain(answer, socket_path, code, error);
	}
	free(bytes.bytes);
}

int control_call(const char *socket_path, const char *method, const char *path, const json_t *body,
		 struct control_answer *answer)
{
	struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
	char *body_text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	CURL *curl = curl_easy_init();
	char url[512];

	*answer = (struct control_answer){.problem = "out of memory"};
	if (!curl || !head || (body && !body_text))
		goto out;
	if (snprintf(url, sizeof(url), "http://egressd%s", path) >= (int)sizeof(url)) {
		snprintf(answer->problem, sizeof(answer->problem), "the question is too long");
		goto out;
	}
	client_set(curl, socket_path, method, url, body_text);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
	client_perform(curl, socket_path, answer);
out:
	curl_easy_cleanup(curl);
	curl_slist_free_all(head);
	free(body_text);
	return answer->status > 0 ? 0 : -1;
}

void control_answer_clear(struct control_answer *answer)
{
	json_decref(answer->body);
	answer->body = NULL;
}
