/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of the apps: every judge takes any JSON, and no key gets out. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bypass.h"
#include "apps/flaresolverr.h"
#include "apps/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct apps apps = {
	.app = {{.name = "prowlarr", .key = "SECRET01", .url = "http://p", .peer_url = "http://q"},
		{.name = "flaresolverr"},
		{.name = "radarr"},
		{.name = "qbittorrent"},
		{.name = "overseerr"}},
	.proxy_host = "egress",
	.proxy_port = 8118,
};

static void judge_all(const json_t *json)
{
	struct app_report *report = report_new(&apps);
	char said[200];
	char *text;

	judge_host(report, &apps, json);
	judge_indexers(report, &apps, json);
	judge_statuses(report, &apps, json, json);
	judge_proxies(report, &apps, json);
	judge_health(report, &apps.app[0], json);
	judge_radarr_indexers(report, &apps, json);
	judge_network(report, &apps, json);
	judge_servers(report, &apps, json);
	app_failures_text(json, said, sizeof(said));
	(void)app_failures_blame_login(json);
	report_unknown(report, &apps.app[0], "%s", said);
	text = json_dumps(report_items(report), JSON_ENSURE_ASCII);
	assert(text != NULL && strstr(text, "SECRET01") == NULL);
	free(text);
	report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span list = {(const char *)data, size};
	json_t *json = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
	struct address address;
	struct span entry;

	while (bypass_next(&list, &entry))
		assert(entry.len > 0 && bypass_reason(bypass_judge(entry)) != NULL);
	(void)echo_find_address((const char *)data, size, &address);
	if (json != NULL)
		judge_all(json);
	json_decref(json);
	return 0;
}
