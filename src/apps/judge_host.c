/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges config/host of Prowlarr. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "apps/bypass.h"
#include "apps/judge.h"
#include "base/address.h"
#include "base/special.h"

#define CURE_SETUP "egressctl apps setup"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool host_is_loopback(const char *host)
{
	struct address address;

	if (strcasecmp(host, "localhost") == 0)
		return true;
	return address_parse(host, strlen(host), &address) &&
	       address_class(&address) == ADDRESS_LOOPBACK;
}

static void judge_proxy_place(struct app_report *report, const struct apps *apps,
			      const json_t *host)
{
	const struct app *app = &apps->app[APP_PROWLARR];
	json_int_t port = json_integer_value(json_object_get(host, "proxyPort"));
	char name[REPORT_SHOWN_SIZE];

	report_shown(host, "proxyHostname", name);
	if (host_is_loopback(name))
		report_finding(
			report, app, "proxy-loopback",
			"FlareSolverr is told the same name, and there it is FlareSolverr itself",
			CURE_SETUP, "its proxy is %s, which is Prowlarr's own container", name);
	else if (strcasecmp(name, apps->proxy_host) != 0 || port != apps->proxy_port)
		report_finding(
			report, app, "proxy-elsewhere",
			"what Prowlarr sends there goes out by another way than egressd's policy",
			CURE_SETUP " (or say where egressd is: --proxy HOST:PORT)",
			"its proxy is %s:%" JSON_INTEGER_FORMAT ", not %s:%u", name, port,
			apps->proxy_host, apps->proxy_port);
}

static void judge_proxy(struct app_report *report, const struct apps *apps, const json_t *host)
{
	const struct app *app = &apps->app[APP_PROWLARR];
	const char *type = text_of(host, "proxyType");

	if (!json_is_true(json_object_get(host, "proxyEnabled"))) {
		report_finding(
			report, app, "no-proxy",
			"without it every search fails, or goes out beside the VPN where there "
			"is another way out; and FlareSolverr is told of no proxy either",
			CURE_SETUP, "it uses no proxy");
		return;
	}
	if (strcasecmp(type, "socks4") == 0)
		report_finding(
			report, app, "socks4",
			"it asks its own resolver for every name: the names leak, or nothing "
			"is found at all",
			CURE_SETUP, "its proxy is of the type SOCKS4");
	judge_proxy_place(report, apps, host);
	if (text_of(host, "proxyUsername")[0] != '\0' && text_of(host, "proxyPassword")[0] != '\0')
		report_finding(
			report, app, "proxy-login",
			"FlareSolverr is given the same login; Chromium knows none for SOCKS, and "
			"for HTTP takes it too late for what it sends at its start",
			"let egressd know the apps by their address, and take the login out",
			"its proxy asks for a login");
}

static void judge_bypass(struct app_report *report, const struct apps *apps, const json_t *host)
{
	const struct app *app = &apps->app[APP_PROWLARR];
	const char *filter = text_of(host, "proxyBypassFilter");
	struct span list = {filter, strlen(filter)};
	struct span entry;

	while (bypass_next(&list, &entry)) {
		enum bypass_verdict verdict = bypass_judge(entry);

		if (verdict == BYPASS_EXACT)
			continue;
		report_finding(report, app, "bypass", "what matches is asked for without the proxy",
			       "leave \"Ignored Addresses\" empty: names without a dot go past the "
			       "proxy anyway (" CURE_SETUP ")",
			       "its ignored address \"%.*s\" matches %s",
			       (int)(entry.len < 80 ? entry.len : 80), entry.bytes,
			       bypass_reason(verdict));
	}
	if (json_is_false(json_object_get(host, "proxyBypassLocalAddresses")))
		report_finding(
			report, app, "bypass-local-off",
			"its calls to Radarr and FlareSolverr go to egressd, which refuses them",
			CURE_SETUP, "it sends what is local through the proxy as well");
}

static void judge_login(struct app_report *report, const struct apps *apps, const json_t *host)
{
	const struct app *app = &apps->app[APP_PROWLARR];
	const char *method = text_of(host, "authenticationMethod");

	if (strcasecmp(text_of(host, "authenticationRequired"), "disabledForLocalAddresses") != 0 ||
	    strcasecmp(method, "external") == 0 || strcasecmp(method, "none") == 0)
		return;
	report_finding(
		report, app, "login-local",
		"every visitor comes from the gateway, whose address is a local one: nobody is "
		"asked for a password",
		"Settings > General > Authentication Required: Enabled",
		"its login is switched off for local addresses");
}

void judge_host(struct app_report *report, const struct apps *apps, const json_t *host)
{
	judge_proxy(report, apps, host);
	judge_bypass(report, apps, host);
	judge_login(report, apps, host);
	if (json_is_true(json_object_get(host, "analyticsEnabled")))
		report_finding(report, &apps->app[APP_PROWLARR], "analytics",
			       "error reports go to sentry.servarr.com past the app's own proxy",
			       "set PROWLARR__LOG__ANALYTICSENABLED=False for its container",
			       "it sends analytics");
}
