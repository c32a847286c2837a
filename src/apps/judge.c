/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges the lists that the apps keep. */
#include "apps/judge.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "apps/provider.h"

#define CURE_SETUP "egressctl apps setup"

static bool text_is(const json_t *object, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && strcasecmp(text, wanted) == 0;
}

void judge_indexers(struct app_report *report, const struct apps *apps, const json_t *indexers)
{
	const struct app *app = &apps->app[APP_PROWLARR];
	char name[REPORT_SHOWN_SIZE];
	size_t i;
	json_t *indexer;

	json_array_foreach(indexers, i, indexer)
	{
		report_shown(indexer, "name", name);
		if (!json_is_true(json_object_get(indexer, "enable")))
			continue;
		if (text_is(indexer, "protocol", "usenet"))
			report_finding(
				report, app, "usenet",
				"Prowlarr always sends Radarr on to a usenet indexer's own "
				"address: the download is asked for past the VPN",
				"let Radarr's downloads of it go through egressd too, or remove it",
				"the indexer %s is a usenet indexer", name);
		else if (json_is_true(json_object_get(indexer, "redirect")))
			report_finding(report, app, "redirect",
				       "Radarr is sent to the tracker itself, past the VPN",
				       "switch Redirect off in the indexer's settings",
				       "the indexer %s has Redirect switched on", name);
	}
}

static const char *indexer_name(const json_t *indexers, json_int_t id, char out[REPORT_SHOWN_SIZE])
{
	size_t i;
	json_t *indexer;

	json_array_foreach(indexers, i, indexer)
	{
		if (json_integer_value(json_object_get(indexer, "id")) == id)
			return report_shown(indexer, "name", out);
	}
	snprintf(out, REPORT_SHOWN_SIZE, "%" JSON_INTEGER_FORMAT, id);
	return out;
}

void judge_statuses(struct app_report *report, const struct apps *apps, const json_t *statuses,
		    const json_t *indexers)
{
	char name[REPORT_SHOWN_SIZE], until[REPORT_SHOWN_SIZE];
	size_t i;
	json_t *status;

	json_array_foreach(statuses, i, status)
	{
		json_int_t id = json_integer_value(json_object_get(status, "indexerId"));

		report_shown(status, "disabledTill", until);
		if (until[0] == '\0')
			continue;
		report_finding(
			report, &apps->app[APP_PROWLARR], "backed-off",
			"Prowlarr leaves it out after failures, a VPN that was away among them",
			"egressctl apps heal", "the indexer %s is disabled until %s",
			indexer_name(indexers, id, name), until);
	}
}

void judge_proxies(struct app_report *report, const struct apps *apps, const json_t *proxies)
{
	const struct app *app = &apps->app[APP_PROWLARR];
	char name[REPORT_SHOWN_SIZE];
	size_t i;
	json_t *proxy;

	json_array_foreach(proxies, i, proxy)
	{
		report_shown(proxy, "name", name);
		if (text_is(proxy, "implementation", "FlareSolverr") ||
		    json_array_size(json_object_get(proxy, "tags")) == 0)
			continue;
		if (text_is(proxy, "implementation", "Socks4"))
			report_finding(
				report, app, "socks4",
				"it asks its own resolver for every name: the names leak, or "
				"nothing is found at all",
				"make it an Http proxy, or remove it: the global one does for all",
				"the indexer proxy %s is of the type SOCKS4", name);
		if (strcasecmp(provider_text(proxy, "host"), apps->proxy_host) != 0 ||
		    json_integer_value(provider_field(proxy, "port")) != apps->proxy_port)
			report_finding(
				report, app, "proxy-elsewhere",
				"indexers with its tag go out there, and FlareSolverr, which is "
				"told of the global proxy only, by another way",
				"remove it: the global proxy does for all",
				"the indexer proxy %s leads not to %s:%u", name, apps->proxy_host,
				apps->proxy_port);
	}
}

void judge_health(struct app_report *report, const struct app *app, const json_t *health)
{
	char message[REPORT_SHOWN_SIZE];
	size_t i;
	json_t *item;

	json_array_foreach(health, i, item)
	{
		if (!text_is(item, "source", "ProxyCheck"))
			continue;
		report_shown(item, "message", message);
		report_finding(report, app, "proxy-check",
			       "its own test of the proxy failed: searches will fail as well",
			       "egressctl status, then: egressctl explain prowlarr "
			       "https://prowlarr.servarr.com/",
			       "it says: %s", message);
	}
}

static bool url_begins_with(const char *url, const char *base)
{
	size_t len = strlen(base);

	return strncasecmp(url, base, len) == 0 && (url[len] == '/' || url[len] == '\0');
}

void judge_radarr_indexers(struct app_report *report, const struct apps *apps,
			   const json_t *indexers)
{
	static const char *const uses[] = {"enableRss", "enableAutomaticSearch",
					   "enableInteractiveSearch"};
	const struct app *prowlarr = &apps->app[APP_PROWLARR];
	char name[REPORT_SHOWN_SIZE];
	size_t i;
	json_t *indexer;

	json_array_foreach(indexers, i, indexer)
	{
		const char *url = provider_text(indexer, "baseUrl");
		bool is_used = false;

		for (size_t k = 0; k < ARRAY_LEN(uses); k++)
			is_used = is_used || json_is_true(json_object_get(indexer, uses[k]));
		if (!is_used || url_begins_with(url, prowlarr->peer_url) ||
		    url_begins_with(url, prowlarr->url))
			continue;
		report_finding(
			report, &apps->app[APP_RADARR], "past-prowlarr",
			"Radarr asks that tracker itself, past Prowlarr and the VPN",
			"remove it from Radarr, add it to Prowlarr, and let Prowlarr sync it",
			"the indexer %s does not go through Prowlarr",
			report_shown(indexer, "name", name));
	}
}

void judge_network(struct app_report *report, const struct apps *apps, const json_t *network)
{
	const json_t *proxy = json_object_get(network, "proxy");

	if (json_is_true(json_object_get(proxy, "enabled")))
		report_finding(
			report, &apps->app[APP_OVERSEERR], "fails-open",
			"when its proxy does not answer it goes on without one; and it cannot tell "
			"that names without a dot are local",
			"switch its proxy off: it asks TMDB and Plex, which need no VPN",
			"it uses a proxy");
}

void judge_servers(struct app_report *report, const struct apps *apps, const json_t *servers)
{
	if (json_array_size(servers) == 0)
		report_finding(report, &apps->app[APP_OVERSEERR], "not-linked",
			       "what is requested there is not searched for",
			       "Settings > Services: add Radarr", "it knows no Radarr");
}
