/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gluetun's control server: GET /v1/publicip/ip. */
#include "gluetun.h"

#include <ctype.h>
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"

enum {
	GLUETUN_TIMEOUT_MS = 2000,
	GLUETUN_ANSWER_MAX = 4096,
};

struct gluetun_answer {
	char bytes[GLUETUN_ANSWER_MAX];
	size_t len;
};

static size_t gluetun_on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct gluetun_answer *answer = arg;
	size_t len = size * count;

	if (len > sizeof(answer->bytes) - answer->len)
		return 0;
	memcpy(answer->bytes + answer->len, bytes, len);
	answer->len += len;
	return len;
}

/* "X-API-Key: ...", when there is a file with a key. */
static struct curl_slist *gluetun_headers(const struct egress_config *egress)
{
	char line[300] = "X-API-Key: ";
	size_t at = strlen(line);
	FILE *file = egress->key_file != NULL ? fopen(egress->key_file, "re") : NULL;
	struct curl_slist *headers = NULL;

	if (file == NULL)
		return NULL;
	if (fgets(line + at, (int)(sizeof(line) - at), file) != NULL) {
		line[at + strcspn(line + at, "\r\n")] = '\0';
		headers = curl_slist_append(NULL, line);
	}
	fclose(file);
	return headers;
}

static bool gluetun_ask(const struct egress_config *egress, struct gluetun_answer *answer)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = gluetun_headers(egress);
	char url[600];
	CURLcode code = CURLE_FAILED_INIT;

	snprintf(url, sizeof(url), "%.500s%sv1/publicip/ip", egress->gluetun_url,
		 egress->gluetun_url[strlen(egress->gluetun_url) - 1] == '/' ? "" : "/");
	if (curl != NULL) {
		curl_easy_setopt(curl, CURLOPT_URL, url);
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)GLUETUN_TIMEOUT_MS);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gluetun_on_bytes);
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
		code = curl_easy_perform(curl);
		curl_easy_cleanup(curl);
	}
	curl_slist_free_all(headers);
	return code == CURLE_OK;
}

/* {"public_ip":"..."}; empty while the VPN is stopped. */
static bool gluetun_read(const struct gluetun_answer *answer, struct address *address)
{
	json_t *body = json_loadb(answer->bytes, answer->len, 0, NULL);
	const char *text = json_string_value(json_object_get(body, "public_ip"));
	bool read = text != NULL && address_parse(text, strlen(text), address);

	json_decref(body);
	return read;
}

struct address gluetun_public_address(const struct config *config)
{
	for (size_t i = 0; i < config->egress_count; i++) {
		struct gluetun_answer answer = {.len = 0};
		struct address address;

		if (config->egresses[i].gluetun_url != NULL &&
		    gluetun_ask(&config->egresses[i], &answer) && gluetun_read(&answer, &address))
			return address;
	}
	return (struct address){0};
}
