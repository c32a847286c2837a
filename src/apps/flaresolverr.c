/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks FlareSolverr whether it is ready, and by which address it goes out. */
#include "apps/flaresolverr.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

enum {
	ECHO_ANSWER_MAX = 64 * 1024,
	ECHO_TIMEOUT_MS = 15 * 1000,
	BROWSER_TIMEOUT_MS = 60 * 1000,
	BROWSER_PATIENCE_MS = 75 * 1000,
};

static bool character_is_of_address(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
	       c == '.' || c == ':';
}

bool echo_find_address(const char *text, size_t len, struct address *address)
{
	size_t from = 0;

	while (from < len) {
		size_t to = from;

		while (to < len && character_is_of_address(text[to]))
			to++;
		if (to - from < ADDRESS_TEXT_SIZE && address_parse(text + from, to - from, address))
			return true;
		from = to + 1;
	}
	return false;
}

/* --- asking the echo --- */

static bool flaresolverr_find_exit(struct app_session *session, const char *echo_url,
				   const char *proxy_url, struct address *exit)
{
	json_t *proxy = proxy_url ? json_pack("{s:s}", "url", proxy_url) : json_object();
	json_t *body = json_pack("{s:s, s:s, s:i, s:o}", "cmd", "request.get", "url", echo_url,
				 "maxTimeout", BROWSER_TIMEOUT_MS, "proxy", proxy);
	struct app_answer answer;
	const char *page = NULL;
	bool found = false;

	app_set_patience(session, BROWSER_PATIENCE_MS);
	if (app_ask(session, "POST", "/v1", body, &answer) == 0)
		page = json_string_value(
			json_object_get(json_object_get(answer.body, "solution"), "response"));
	if (page != NULL)
		found = echo_find_address(page, strlen(page), exit);
	app_answer_clear(&answer);
	json_decref(body);
	return found;
}

static size_t echo_on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct buffer *answer = arg;
	size_t len = size * count;

	return len <= ECHO_ANSWER_MAX - buffer_len(answer) && buffer_append(answer, bytes, len) == 0
		       ? len
		       : 0;
}

/* By which address does who stands here go out through the proxy? */
static bool proxy_find_exit(const char *echo_url, const char *proxy_url, struct address *exit)
{
	struct buffer answer = {0};
	CURL *curl = curl_easy_init();
	bool found = false;
	long status = 0;

	if (curl == NULL)
		return false;
	curl_easy_setopt(curl, CURLOPT_URL, echo_url);
	curl_easy_setopt(curl, CURLOPT_PROXY, proxy_url);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ECHO_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, echo_on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	if (curl_easy_perform(curl) == CURLE_OK &&
	    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status == 200)
		found = echo_find_address((const char *)buffer_start(&answer), buffer_len(&answer),
					  exit);
	curl_easy_cleanup(curl);
	buffer_clear(&answer);
	return found;
}

static void exits_judge(struct app_report *report, const struct app *app,
			const struct address *through, const struct address *alone,
			const struct address *ours)
{
	char a[ADDRESS_TEXT_SIZE], b[ADDRESS_TEXT_SIZE];

	if (alone->family != AF_UNSPEC && !address_equals(alone, through))
		report_finding(
			report, app, "own-way-out",
			"what it asks for at its start, and for whoever names no proxy, goes "
			"out there",
			"give it a network without a way out, and PROXY_URL",
			"without a proxy it goes out as %s, through Prowlarr's as %s",
			address_format(alone, a), address_format(through, b));
	if (ours->family != AF_UNSPEC && !address_equals(ours, through))
		report_finding(report, app, "exits-differ",
			       "a challenge solved from one address is worth nothing from another: "
			       "Prowlarr is blocked again",
			       "send both out by the same egress (egressctl explain prowlarr URL, "
			       "egressctl explain flaresolverr URL)",
			       "through the proxy it goes out as %s, others as %s",
			       address_format(through, a), address_format(ours, b));
}

static void flaresolverr_check_exits(struct app_session *session, const struct apps *apps,
				     struct app_report *report)
{
	struct address through = {0}, alone = {0}, ours = {0};
	unsigned before = report_findings(report);
	char proxy[APP_URL_SIZE], text[ADDRESS_TEXT_SIZE];

	snprintf(proxy, sizeof(proxy), "http://%s:%u", apps->proxy_host, apps->proxy_port);
	if (!flaresolverr_find_exit(session, apps->echo_url, proxy, &through)) {
		report_unknown(report, app_of(session),
			       "through %s it got no address from the echo: is it let through? "
			       "(egressctl explain flaresolverr URL)",
			       proxy);
		return;
	}
	(void)flaresolverr_find_exit(session, apps->echo_url, NULL, &alone);
	(void)proxy_find_exit(apps->echo_url, proxy, &ours);
	exits_judge(report, app_of(session), &through, &alone, &ours);
	if (report_findings(report) == before)
		report_fine(report, app_of(session), "goes out as %s%s",
			    address_format(&through, text),
			    ours.family == AF_UNSPEC
				    ? " (the proxy lets nobody from here through: not compared)"
				    : ", as others do through the same proxy");
}

void flaresolverr_check(struct app_session *session, const struct apps *apps,
			struct app_report *report)
{
	struct app_answer answer;
	char version[REPORT_SHOWN_SIZE];

	if (app_get(session, "/", false, &answer) < 0) {
		report_unknown(report, app_of(session), "%s", answer.problem);
	} else {
		report_fine(report, app_of(session), "%s answers",
			    report_shown(answer.body, "version", version));
		if (apps->echo_url[0] != '\0')
			flaresolverr_check_exits(session, apps, report);
	}
	app_answer_clear(&answer);
}
