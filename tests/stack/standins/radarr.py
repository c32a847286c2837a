# SPDX-License-Identifier: GPL-3.0-or-later
"""
A stand-in for Radarr: searches its Torznab indexers, takes the .torrent or the magnet, gives it to qBittorrent.

PORT (7878), LISTEN, CONFIG_DIR (/config), RADARR__AUTH__APIKEY, RADARR__AUTH__METHOD, MASK_SECRETS=1. It uses no proxy.
POST /api/v3/movie {"title", "tmdbId", "addOptions": {"searchForMovie": true}} adds and searches; so does the command
MoviesSearch {"movieIds": []}. GET /api/v3/history says what was grabbed, and what went past Prowlarr.
"""
import http.client
import json
import os
import re
import sys
import urllib.parse
import uuid
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from providers import Servarr, failure, field, joined  # noqa: E402
from web import Refused, fetch, route  # noqa: E402

FAILED = (OSError, http.client.HTTPException, ValueError, xml.etree.ElementTree.ParseError)


class Qbittorrent:
    """Radarr's side of a download client."""

    def __init__(self, client):
        scheme = "https" if field(client, "useSsl") else "http"
        self.base = f"{scheme}://{field(client, 'host')}:{field(client, 'port')}"
        self.login = {"username": field(client, "username") or "", "password": field(client, "password") or ""}
        self.cookie = ""

    def ask(self, path, body=None, kind="application/x-www-form-urlencoded"):
        headers = {"Cookie": self.cookie, "Content-Type": kind}
        return fetch(joined(self.base, "/api/v2/" + path), method="GET" if body is None else "POST", headers=headers, body=body)

    def open(self):
        status, headers, body = self.ask("auth/login", urllib.parse.urlencode(self.login))
        if status not in (200, 204) or body not in (b"", b"Ok."):
            return False
        self.cookie = (headers.get("Set-Cookie") or "").partition(";")[0]
        return True

    def add(self, torrent, link, category):
        if torrent is None:
            self.ask("torrents/add", urllib.parse.urlencode({"urls": link, "category": category}))
            return
        mark = uuid.uuid4().hex
        parts = (f'--{mark}\r\nContent-Disposition: form-data; name="category"\r\n\r\n{category}\r\n'
                 f'--{mark}\r\nContent-Disposition: form-data; name="torrents"; filename="a.torrent"\r\n'
                 "Content-Type: application/x-bittorrent\r\n\r\n")
        body = parts.encode() + torrent + f"\r\n--{mark}--\r\n".encode()
        self.ask("torrents/add", body, f"multipart/form-data; boundary={mark}")


class Radarr(Servarr):
    name, port_default, key_variable = "Radarr", 7878, "RADARR__AUTH__APIKEY"
    kinds = ("downloadclient", "indexer")

    def __init__(self, environment=os.environ):
        super().__init__(environment)
        self.movies, self.history, self.folders = [], [], [{"id": 1, "path": "/data/media/movies", "accessible": True}]

    def host_default(self):
        return {"bindAddress": "*", "port": 7878, "sslPort": 9898, "enableSsl": False, "launchBrowser": True,
                "authenticationMethod": self.environment.get("RADARR__AUTH__METHOD", "external").lower(),
                "authenticationRequired": "enabled", "username": "", "password": "", "passwordConfirmation": "",
                "analyticsEnabled": True, "logLevel": "info", "logSizeLimit": 1, "consoleLogLevel": "", "branch": "master",
                "urlBase": "", "instanceName": "Radarr", "applicationUrl": "", "updateAutomatically": False,
                "updateMechanism": "docker", "updateScriptPath": "", "proxyEnabled": False, "proxyType": "http",
                "proxyHostname": "", "proxyPort": 8080, "proxyUsername": "", "proxyPassword": "", "proxyBypassFilter": "",
                "proxyBypassLocalAddresses": True, "certificateValidation": "enabled", "backupFolder": "Backups",
                "backupInterval": 7, "backupRetention": 28}

    def is_enabled(self, kind, resource):
        if kind == "indexer":
            return any(resource.get(name) for name in ("enableRss", "enableAutomaticSearch", "enableInteractiveSearch"))
        return bool(resource.get("enable"))

    # --- indexers and download clients ---

    def torznab(self, indexer, **query):
        url = joined(field(indexer, "baseUrl"), (field(indexer, "apiPath") or "/api").strip("/"))
        status, _, body = fetch(url + "?" + urllib.parse.urlencode({**query, "apikey": field(indexer, "apiKey") or ""}))
        if status != 200:
            raise OSError(f"HTTP {status}")
        return xml.etree.ElementTree.fromstring(body)

    def test(self, kind, resource):
        try:
            if kind == "indexer":
                self.torznab(resource, t="caps")
                self.torznab(resource, t="search", cat="2000")
            elif not Qbittorrent(resource).open():
                return [failure("Username", "Authentication failure")]
        except FAILED as error:
            return [failure("Host" if kind == "downloadclient" else "BaseUrl", f"Unable to connect: {error}")]
        return []

    def templates(self, kind):
        if kind != "downloadclient":
            return []
        values = {"host": "localhost", "port": 8080, "useSsl": False, "urlBase": "", "username": "", "password": "",
                  "movieCategory": "radarr", "movieImportedCategory": "", "recentMoviePriority": 0, "olderMoviePriority": 0,
                  "initialState": 0, "sequentialOrder": False, "firstAndLast": False, "contentLayout": 0}
        return [{"name": "", "enable": True, "protocol": "torrent", "priority": 1, "removeCompletedDownloads": True,
                 "removeFailedDownloads": True, "implementation": "QBittorrent", "implementationName": "qBittorrent",
                 "configContract": "QBittorrentSettings", "tags": [],
                 "fields": [{"name": name, "value": value} for name, value in values.items()]}]

    # --- searching and grabbing ---

    def take(self, url):
        """(the .torrent, None) or (None, the magnet). A redirect to another host is followed: that is the leak."""
        status, headers, body = fetch(url)
        if status == 200:
            return body, None, False
        target = headers.get("Location") or ""
        if status in (301, 302) and target.startswith("magnet:"):
            return None, target, False
        if status not in (301, 302):
            raise OSError(f"HTTP {status}")
        return fetch(target)[2], None, True

    def search(self, movie):
        for indexer in self.lists["indexer"]:
            if not indexer.get("enableAutomaticSearch"):
                continue
            try:
                feed = self.torznab(indexer, t="movie", q=movie["title"], cat="2000")
            except FAILED:
                continue
            for item in feed.iter("item"):
                if re.sub(r"\W", "", movie["title"].lower()) not in re.sub(r"\W", "", item.findtext("title", "").lower()):
                    continue
                if self.grab(movie, indexer, item):
                    return

    def grab(self, movie, indexer, item):
        client = next((client for client in self.lists["downloadclient"] if client.get("enable")), None)
        if client is None:
            return False
        try:
            torrent, magnet, direct = self.take(item.find("enclosure").get("url"))
            far = Qbittorrent(client)
            if not far.open():
                return False
            far.add(torrent, magnet, field(client, "movieCategory") or "")
        except FAILED:
            return False
        self.history.append({"id": len(self.history) + 1, "movieId": movie["id"], "eventType": "grabbed",
                             "sourceTitle": item.findtext("title"), "indexer": indexer["name"], "pastProwlarr": direct})
        return True

    def run_command(self, name, body):
        if name in ("MoviesSearch", "RssSync"):
            wanted = body.get("movieIds") or [movie["id"] for movie in self.movies]
            for movie in self.movies:
                if movie["id"] in wanted:
                    self.search(movie)

    # --- movies and the rest ---

    @route("GET", "/api/v3/movie")
    def movie_list(self, _request):
        return self.movies

    @route("POST", "/api/v3/movie")
    def movie_add(self, request):
        movie = request.json or {}
        if not movie.get("title") or not movie.get("tmdbId"):
            raise Refused(400, [failure("Title", "'Title' and 'TmdbId' must not be empty.")])
        if any(other["tmdbId"] == movie["tmdbId"] for other in self.movies):
            raise Refused(400, [failure("TmdbId", "This movie has already been added")])
        movie = {**movie, "id": len(self.movies) + 1, "monitored": True, "hasFile": False}
        self.movies.append(movie)
        if (movie.get("addOptions") or {}).get("searchForMovie"):
            self.search(movie)
        return 201, movie

    @route("GET", "/api/v3/history")
    def history_list(self, _request):
        return {"page": 1, "totalRecords": len(self.history), "records": self.history}

    @route("GET", "/api/v3/qualityprofile")
    def quality_profiles(self, _request):
        return [{"id": 1, "name": "Any"}]

    @route("GET", "/api/v3/rootfolder")
    def folder_list(self, _request):
        return self.folders

    @route("POST", "/api/v3/rootfolder")
    def folder_add(self, request):
        self.folders.append({"id": len(self.folders) + 1, "path": request.json["path"], "accessible": True})
        return 201, self.folders[-1]

    def health_list(self):
        found = []
        if not self.lists["downloadclient"]:
            found.append(("DownloadClientCheck", "warning", "No download client is available"))
        if not self.lists["indexer"]:
            found.append(("IndexerRssCheck", "error", "No indexers available with RSS sync enabled"))
        return [{"source": source, "type": kind, "message": message, "wikiUrl": ""} for source, kind, message in found]


if __name__ == "__main__":
    Radarr.main()
