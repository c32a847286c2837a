/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests through the proxy, as the app would make them: by libcurl, from a child process in the
 * app's namespace. */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/rules.h"
#include "proxy.h"

enum {
	PROXY_TIMEOUT_MS = 6000,
	PROXY_LOOK_MS = 20,
};

static size_t proxy_on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct proxy_answer *answer = arg;
	size_t len = size * count, room = sizeof(answer->body) - 1 - answer->body_len;

	if (len > room)
		return 0;
	memcpy(answer->body + answer->body_len, bytes, len);
	answer->body_len += len;
	return len;
}

/* As egressd does it: names are the upstream's to resolve, and its port is 3128 without one. */
static void proxy_set_upstream(CURL *curl, const char *url)
{
	static const char local_names[] = "socks5://";
	size_t skipped = sizeof(local_names) - 1;
	char remote_names[1100];

	if (strncasecmp(url, local_names, skipped) == 0) {
		snprintf(remote_names, sizeof(remote_names), "socks5h://%s", url + skipped);
		url = remote_names;
	}
	curl_easy_setopt(curl, CURLOPT_PROXY, url);
	curl_easy_setopt(curl, CURLOPT_PROXYPORT, (long)config_upstream_endpoint(url).port);
	curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
}

static void proxy_set(CURL *curl, const struct leak_run *run, const struct asking *asking,
		      struct proxy_answer *answer)
{
	char device[IFNAMSIZ + 4];

	curl_easy_setopt(curl, CURLOPT_URL, asking->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, asking->way == ASK_PROXY ? run->proxy_url : "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PROXY_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, proxy_on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	if (asking->way == ASK_DIRECTLY && run->uplink != NULL) {
		snprintf(device, sizeof(device), "if!%s", run->uplink->name);
		curl_easy_setopt(curl, CURLOPT_INTERFACE, device);
	}
	if (asking->way == ASK_UPSTREAM)
		proxy_set_upstream(curl, asking->upstream_url);
}

static void proxy_read(CURL *curl, CURLcode code, struct proxy_answer *answer)
{
	struct curl_header *field;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &answer->connected);
	answer->error = code == CURLE_OK ? 0 : (int)code;
	/* A refused CONNECT is libcurl's error and the proxy's answer. */
	if (answer->connected >= 300) {
		answer->error = 0;
		answer->status = answer->connected;
	}
	snprintf(answer->problem, sizeof(answer->problem), "%s", curl_easy_strerror(code));
	if (curl_easy_header(curl, "Proxy-Status", 0, CURLH_HEADER | CURLH_CONNECT, -1, &field) ==
		    CURLHE_OK &&
	    strncmp(field->value, "egressd", 7) == 0)
		snprintf(answer->proxy_status, sizeof(answer->proxy_status), "%s", field->value);
}

static int proxy_child(const struct leak_run *run, pid_t parent, const struct asking *asking,
		       struct proxy_answer *answer)
{
	struct identity identity = {.netns = -1, .capabilities = (uint64_t)ALL_CAPABILITIES};
	CURL *curl;

	if (asking->way == ASK_PROXY)
		identity.netns = run->app->netns;
	if (asking->way == ASK_UPSTREAM)
		identity.uid = run->options->uid;
	if (identity_assume(&identity, parent) < 0)
		return 1;
	curl = curl_easy_init();
	if (curl == NULL)
		return 1;
	proxy_set(curl, run, asking, answer);
	proxy_read(curl, curl_easy_perform(curl), answer);
	curl_easy_cleanup(curl);
	answer->done = true;
	return 0;
}

struct watching {
	struct leak_run *run;
	const struct asking *asking;
	bool enough;
};

static bool watching_on_sighting(void *arg, const struct sighting *sighting)
{
	struct watching *watching = arg;

	if (watching->asking->seen == NULL)
		run_count(watching->run, sighting);
	else if (!watching->asking->seen(watching->asking->arg, sighting))
		watching->enough = true;
	return !watching->enough;
}

/* Watches until the child has ended; ends it when enough was seen. */
static void watching_wait(struct watching *watching, pid_t pid)
{
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		(void)!witness_look(watching->run->witness, PROXY_LOOK_MS, watching_on_sighting,
				    watching);
		if (watching->enough)
			(void)kill(pid, SIGKILL);
	}
	/* What was sent at its very end. */
	(void)!witness_look(watching->run->witness, PROXY_LOOK_MS, watching_on_sighting, watching);
}

void proxy_ask(struct leak_run *run, const struct asking *asking, struct proxy_answer *answer)
{
	struct proxy_answer *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct watching watching = {.run = run, .asking = asking};
	pid_t parent = getpid(), pid;

	*answer = (struct proxy_answer){.error = -1, .problem = "no request could be made"};
	if (shared == MAP_FAILED)
		return;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(proxy_child(run, parent, asking, shared));
	if (pid > 0)
		watching_wait(&watching, pid);
	if (shared->done)
		*answer = *shared;
	answer->body[sizeof(answer->body) - 1] = '\0';
	munmap(shared, sizeof(*shared));
}
