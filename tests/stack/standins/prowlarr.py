# SPDX-License-Identifier: GPL-3.0-or-later
"""
A stand-in for Prowlarr: the API that egressctl speaks, and searches that really go through the configured proxy.

PORT (9696), LISTEN, CONFIG_DIR (/config), PROWLARR__AUTH__APIKEY, PROWLARR__AUTH__METHOD, PROWLARR__LOG__ANALYTICSENABLED,
CA_FILE (who signs the indexers), INDEXERS ("name=http://host/ name=https://host/": made when there are none),
MASK_SECRETS=1. An indexer is a page of links: what ends in .torrent or begins with magnet: is a result.
"""
import base64
import datetime
import html
import http.client
import json
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from providers import Servarr, failure, field, joined  # noqa: E402
from web import Proxy, Raw, Refused, bypasses, fetch, route  # noqa: E402

PING = "https://prowlarr.servarr.com/v1/ping"
BACK_OFF = (0, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400)
CHALLENGES = ("Just a moment...", "DDOS-GUARD")
AGENT = "Prowlarr/2.3.6.0 (a stand-in)"
FAILED = (OSError, http.client.HTTPException, re.error)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Prowlarr(Servarr):
    name, port_default, key_variable = "Prowlarr", 9696, "PROWLARR__AUTH__APIKEY"
    kinds = ("indexerproxy", "applications", "indexer")

    def __init__(self, environment=os.environ):
        super().__init__(environment)
        self.blocked = {}  # indexer id: [level, until, first failure, last failure]
        self.ca_file = environment.get("CA_FILE")
        if not self.lists["indexer"]:
            for number, word in enumerate(environment.get("INDEXERS", "").split(), 1):
                name, _, url = word.partition("=")
                self.lists["indexer"].append(self.indexer(number, name, url))

    @staticmethod
    def indexer(number, name, url, **more):
        return {"id": number, "name": name, "enable": True, "redirect": False, "supportsRedirect": True, "priority": 25,
                "protocol": "torrent", "privacy": "public", "appProfileId": 1, "implementation": "Cardigann",
                "implementationName": "Cardigann", "configContract": "CardigannSettings", "tags": [],
                "fields": [{"name": "baseUrl", "value": url}], **more}

    def host_default(self):
        environment = self.environment
        return {"bindAddress": "*", "port": 9696, "sslPort": 6969, "enableSsl": False, "launchBrowser": True,
                "authenticationMethod": environment.get("PROWLARR__AUTH__METHOD", "external").lower(),
                "authenticationRequired": "enabled", "username": "", "password": "", "passwordConfirmation": "",
                "analyticsEnabled": environment.get("PROWLARR__LOG__ANALYTICSENABLED", "true").lower() == "true",
                "logLevel": "info", "logSizeLimit": 1, "consoleLogLevel": "", "branch": "master", "sslCertPath": "",
                "sslCertPassword": "", "urlBase": "", "instanceName": "Prowlarr", "applicationUrl": "",
                "updateAutomatically": False, "updateMechanism": "docker", "updateScriptPath": "", "proxyEnabled": False,
                "proxyType": "http", "proxyHostname": "", "proxyPort": 8080, "proxyUsername": "", "proxyPassword": "",
                "proxyBypassFilter": "", "proxyBypassLocalAddresses": True, "certificateValidation": "enabled",
                "backupFolder": "Backups", "backupInterval": 7, "backupRetention": 28, "historyCleanupDays": 30,
                "trustCgnatIpAddresses": False}

    # --- how it goes out ---

    def global_proxy(self):
        host = self.host
        if not host["proxyEnabled"]:
            return None
        return Proxy(host["proxyType"], host["proxyHostname"], host["proxyPort"], host["proxyUsername"], host["proxyPassword"])

    def own_proxies(self, indexer):
        """(FlareSolverr, another proxy): the first of each that shares a tag with the indexer."""
        shared = [proxy for proxy in self.lists["indexerproxy"] if set(proxy.get("tags") or ()) & set(indexer.get("tags") or ())]
        solver = next((proxy for proxy in shared if proxy["implementation"] == "FlareSolverr"), None)
        other = next((proxy for proxy in shared if proxy["implementation"] != "FlareSolverr"), None)
        return solver, other

    def fetch(self, url, own=None, **options):
        proxy = own
        if proxy is None and not (self.host["proxyEnabled"] and bypasses(url, self.host["proxyBypassFilter"],
                                                                         self.host["proxyBypassLocalAddresses"])):
            proxy = self.global_proxy()
        headers = {"User-Agent": AGENT, **options.pop("headers", {})}
        return fetch(url, proxy, ca_file=self.ca_file, headers=headers, **options)

    def solve(self, solver, url):
        """What the real one sends: the global proxy only, and nothing of it when there is none."""
        proxy = self.global_proxy()
        question = {"cmd": "request.get", "url": url, "maxTimeout": int(field(solver, "requestTimeout", 60)) * 1000,
                    "proxy": {"url": proxy.url} if proxy else {}}
        status, _, body = self.fetch(joined(field(solver, "host"), "v1"), method="POST", body=json.dumps(question),
                                     headers={"Content-Type": "application/json"}, timeout=65)
        answer = json.loads(body)
        if status != 200 or answer.get("status") != "ok":
            raise OSError(f"FlareSolverr was unable to process the request: {answer.get('message')}")
        return answer["solution"]

    def fetch_for(self, indexer, url):
        solver, other = self.own_proxies(indexer)
        own = other and Proxy(other["implementation"].lower(), field(other, "host"), field(other, "port"),
                              field(other, "username"), field(other, "password"))
        status, headers, body = self.fetch(url, own)
        guarded = (headers.get("Server") or "").lower() in ("cloudflare", "cloudflare-nginx", "ddos-guard")
        if solver and guarded and status in (403, 503) and any(title.encode() in body for title in CHALLENGES):
            solution = self.solve(solver, url)
            cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in solution.get("cookies") or ())
            status, headers, body = self.fetch(url, own, headers={"User-Agent": solution["userAgent"], "Cookie": cookies})
        if status != 200:
            raise OSError(f"HTTP {status}")
        return body

    # --- indexers and their back-off ---

    def record(self, number, good):
        level, _, first, _ = self.blocked.get(number, [0, None, None, None])
        if good:
            if level:
                self.blocked[number] = [level - 1, None, first, now()]
            return
        level = min(level + 1, len(BACK_OFF) - 1)
        self.blocked[number] = [level, now() + datetime.timedelta(seconds=BACK_OFF[level]), first or now(), now()]

    def disabled_till(self, number):
        until = self.blocked.get(number, [0, None])[1]
        return until if until and until > now() else None

    @route("GET", "/api/v1/indexerstatus")
    def indexer_status(self, _request):
        return [{"id": number, "indexerId": number, "disabledTill": until.isoformat(), "initialFailure": first.isoformat(),
                 "mostRecentFailure": last.isoformat()}
                for number, (_, until, first, last) in self.blocked.items() if until and until > now()]

    def links(self, indexer, query):
        page = self.fetch_for(indexer, joined(field(indexer, "baseUrl"), "?" + urllib.parse.urlencode({"q": query})))
        found = re.findall(r'<a\s+href="([^"]+\.torrent|magnet:[^"]*)"[^>]*>([^<]*)</a>', page.decode("utf-8", "replace"))
        base = field(indexer, "baseUrl")
        return [(html.unescape(title), urllib.parse.urljoin(base, html.unescape(link))) for link, title in found]

    def test(self, kind, resource):
        try:
            if kind == "indexer":
                if not self.links(resource, ""):
                    return [failure("", "Query successful, but no results were returned from your indexer.", True)]
            elif kind == "indexerproxy" and resource["implementation"] == "FlareSolverr":
                self.solve(resource, PING)
            elif kind == "applications":
                return self.test_application(resource)
        except FAILED as error:
            return [failure("", f"Unable to connect: {error}")]
        return []

    def test_recorded(self, kind, resource):
        failures = self.test(kind, resource)
        if kind == "indexer" and resource.get("id"):
            self.record(resource["id"], not any(not item["isWarning"] for item in failures))
        return failures

    def is_enabled(self, kind, resource):
        if kind == "indexerproxy":
            return bool(resource.get("tags"))
        if kind == "applications":
            return resource.get("syncLevel") != "disabled"
        return bool(resource.get("enable"))

    # --- applications ---

    def radarr(self, application, path, **options):
        body = options.pop("body", None)
        status, _, answer = self.fetch(joined(field(application, "baseUrl"), "/api/v3/" + path),
                                       body=None if body is None else json.dumps(body),
                                       headers={"X-Api-Key": field(application, "apiKey") or "",
                                                "Content-Type": "application/json"}, **options)
        return status, json.loads(answer or b"null")

    def torznab_of(self, application, indexer):
        return {"name": f"{indexer['name']} (Prowlarr)", "enableRss": True, "enableAutomaticSearch": True,
                "enableInteractiveSearch": True, "protocol": "torrent", "priority": indexer.get("priority", 25),
                "implementation": "Torznab", "configContract": "TorznabSettings", "tags": [],
                "fields": [{"name": "baseUrl", "value": joined(field(application, "prowlarrUrl"), f"/{indexer['id']}/")},
                           {"name": "apiPath", "value": "/api"}, {"name": "apiKey", "value": self.key},
                           {"name": "categories", "value": [2000]}]}

    def test_application(self, application):
        """Radarr is made to call back: both directions must work."""
        probe = self.torznab_of(application, {"id": 0, "name": "Test"})
        status, answer = self.radarr(application, "indexer/test", method="POST", body=probe)
        if status == 401:
            return [failure("ApiKey", "API Key is invalid")]
        if status == 400:
            return [failure("ProwlarrUrl", f"Prowlarr URL is invalid, Radarr cannot connect to Prowlarr: {answer}")]
        return [] if status == 200 else [failure("BaseUrl", f"Unable to complete application test: HTTP {status}")]

    def sync(self):
        for application in self.lists["applications"]:
            if application["implementation"] != "Radarr" or application.get("syncLevel") == "disabled":
                continue
            status, there = self.radarr(application, "indexer")
            names = {indexer["name"] for indexer in there} if status == 200 else set()
            for indexer in self.lists["indexer"]:
                wanted = self.torznab_of(application, indexer)
                if indexer.get("enable") and wanted["name"] not in names:
                    self.radarr(application, "indexer?forceSave=true", method="POST", body=wanted)

    def run_command(self, name, body):
        if name == "ApplicationIndexerSync":
            try:
                self.sync()
            except FAILED:
                pass  # it is a job in the background: the log says so

    # --- Torznab ---

    def torznab(self, request, number):
        kind = request.query.get("t", "")
        if kind == "caps":
            return Raw('<?xml version="1.0"?><caps><server title="Prowlarr"/><searching><search available="yes"/>'
                       '<movie-search available="yes" supportedParams="q,imdbid"/></searching></caps>', "application/xml")
        if number == 0:
            return Raw(self.feed([("Test Release", "https://prowlarr.com/test.torrent")], request, 0), "application/rss+xml")
        indexer = self.find("indexer", number)
        until = self.disabled_till(number)
        if not indexer.get("enable"):
            raise Refused(410, {"message": "Indexer is disabled"})
        if until:
            wait = int((until - now()).total_seconds()) + 1
            raise Refused(429, {"message": f"Indexer is disabled till {until.isoformat()} due to recent failures."},
                          {"Retry-After": str(wait)})
        try:
            links = self.links(indexer, request.query.get("q", ""))
            self.record(number, True)
        except FAILED as error:
            self.record(number, False)
            raise Refused(400, {"message": f"indexer failed: {error}"}) from error
        return Raw(self.feed(links, request, number), "application/rss+xml")

    def feed(self, links, request, number):
        host = request.headers.get("Host")
        items = ""
        for title, link in links:
            protected = base64.urlsafe_b64encode(link.encode()).decode()
            url = f"http://{host}/{number}/download?" + urllib.parse.urlencode(
                {"apikey": self.key, "link": protected, "file": title})
            items += (f"<item><title>{html.escape(title)}</title><guid>{html.escape(link)}</guid>"
                      f'<enclosure url="{html.escape(url)}" length="1" type="application/x-bittorrent"/></item>')
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Prowlarr</title>{items}</channel></rss>'

    @route("GET", r"/(\d+)/api")
    def torznab_short(self, request, number):
        return self.torznab(request, int(number))

    @route("GET", r"/api/v1/indexer/(\d+)/newznab")
    def torznab_long(self, request, number):
        return self.torznab(request, int(number))

    @route("GET", r"/(\d+)/download")
    def download(self, request, number):
        indexer = self.find("indexer", number)
        link = base64.urlsafe_b64decode(request.query["link"]).decode()
        if indexer.get("redirect") or indexer.get("protocol") == "usenet" or link.startswith("magnet:"):
            return Raw("", status=301, headers={"Location": link})
        return Raw(self.fetch_for(indexer, link), "application/x-bittorrent")

    @route("GET", "/api/v1/search")
    def search(self, request):
        wanted = {int(number) for number in request.query.get("indexerids", "").split(",") if number.lstrip("-").isdigit()}
        results = []
        for indexer in self.lists["indexer"]:
            if not indexer.get("enable") or (wanted and indexer["id"] not in wanted) or self.disabled_till(indexer["id"]):
                continue
            try:
                results += [{"title": title, "indexerId": indexer["id"], "indexer": indexer["name"], "guid": link,
                             "protocol": "torrent"} for title, link in self.links(indexer, request.query.get("query", ""))]
                self.record(indexer["id"], True)
            except FAILED:
                self.record(indexer["id"], False)
        return results

    # --- health ---

    def health_list(self):
        found = []
        proxy = self.global_proxy()
        if proxy:
            try:
                if self.fetch(PING)[0] == 400:
                    found.append(("ProxyCheck", "error", "Failed to test proxy. Status code: 400"))
            except FAILED:
                found.append(("ProxyCheck", "error", f"Failed to test proxy: {PING}"))
        if self.indexer_status(None):
            found.append(("IndexerStatusCheck", "warning", "Indexers unavailable due to failures"))
        return [{"id": number, "source": source, "type": kind, "message": message, "wikiUrl": ""}
                for number, (source, kind, message) in enumerate(found, 1)]

    def templates(self, kind):
        return {"indexerproxy": [self.flaresolverr_template()], "applications": [self.radarr_template()]}.get(kind, [])

    @staticmethod
    def flaresolverr_template():
        return {"name": "", "implementation": "FlareSolverr", "implementationName": "FlareSolverr", "tags": [],
                "configContract": "FlareSolverrSettings",
                "fields": [{"order": 0, "name": "host", "label": "Host", "value": "http://localhost:8191/"},
                           {"order": 1, "name": "requestTimeout", "label": "Request Timeout", "value": 60}]}

    @staticmethod
    def radarr_template():
        return {"name": "", "implementation": "Radarr", "implementationName": "Radarr", "configContract": "RadarrSettings",
                "syncLevel": "fullSync", "tags": [],
                "fields": [{"name": "prowlarrUrl", "value": "http://localhost:9696"},
                           {"name": "baseUrl", "value": "http://localhost:7878"}, {"name": "apiKey", "value": ""},
                           {"name": "syncCategories", "value": [2000, 2010, 2020, 2030, 2040, 2045, 2050, 2060, 2070, 2080, 2090]},
                           {"name": "syncRejectBlocklistedTorrentHashesWhileGrabbing", "value": False}]}


if __name__ == "__main__":
    Prowlarr.main()
