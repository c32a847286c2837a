/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to Gluetun, by libcurl. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tunnel/gluetun.h"

enum {
	ASK_TIMEOUT_MS = 3000,
	ASK_URL_SIZE = 512,
	ASK_KEY_SIZE = 512,
};

int gluetun_read_key(const char *path, char key[GLUETUN_KEY_SIZE])
{
	FILE *in = fopen(path, "re");
	bool read;

	if (in == NULL)
		return -1;
	errno = ENODATA;
	read = fgets(key, GLUETUN_KEY_SIZE, in) != NULL;
	fclose(in);
	if (!read)
		return -1;
	key[strcspn(key, "\r\n")] = '\0';
	errno = ENODATA;
	return key[0] != '\0' ? 0 : -1;
}

static size_t ask_on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct gluetun_answer *answer = arg;
	size_t len = size * count;

	if (len > sizeof(answer->body) - answer->len)
		return 0;
	memcpy(answer->body + answer->len, bytes, len);
	answer->len += len;
	return len;
}

static enum gluetun_outcome ask_judge(CURLcode code, long status)
{
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT ||
	    code == CURLE_COULDNT_RESOLVE_HOST)
		return GLUETUN_SILENT;
	if (code == CURLE_OK && (status == 401 || status == 403))
		return GLUETUN_NEEDS_KEY;
	return code == CURLE_OK && status == 200 ? GLUETUN_ANSWERED : GLUETUN_ODD;
}

static void ask_set(CURL *curl, const char *url, const char *method, const char *body)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	/* No proxy of the environment has a say in what is asked next door. */
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ASK_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ask_on_bytes);
}

void gluetun_ask(const char *url, const char *key, const char *method, const char *path,
		 const char *body, struct gluetun_answer *answer)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *head = NULL;
	char whole[ASK_URL_SIZE], field[ASK_KEY_SIZE];
	long status = 0;
	CURLcode code;

	answer->outcome = GLUETUN_ODD;
	answer->status = 0;
	answer->len = 0;
	if (curl == NULL || snprintf(whole, sizeof(whole), "%s%s", url, path) >= (int)sizeof(whole))
		goto out;
	ask_set(curl, whole, method, body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	if (key != NULL) {
		if (snprintf(field, sizeof(field), "X-API-Key: %s", key) >= (int)sizeof(field))
			goto out;
		head = curl_slist_append(NULL, field);
		explicit_bzero(field, sizeof(field));
		if (head == NULL)
			goto out;
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
	}
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	answer->outcome = ask_judge(code, status);
	answer->status = (int)status;
out:
	curl_slist_free_all(head);
	curl_easy_cleanup(curl);
}
